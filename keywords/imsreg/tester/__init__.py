"""A run of the tester: the DUT, the simulated UE, a case with its transcript, and the judgement. What both runners adapt."""
