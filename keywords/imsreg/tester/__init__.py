"""A run of the tester: DUT, simulated UE, case with transcript, judgement. What both runners adapt."""
