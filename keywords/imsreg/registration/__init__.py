"""What a UE, a P-CSCF, an S-CSCF with its registrar, and an HSS do at registration, the clock and randomness given."""
