"""What stands behind the pytest plugin: the run, the end of a test, and the objects that its fixtures give."""
