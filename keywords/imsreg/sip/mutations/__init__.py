"""What the named mutations do, one family a file; `imsreg.sip.mutation` has the table of their names."""
