"""The verbs of the command line, one file each: arguments in, exit class out."""
