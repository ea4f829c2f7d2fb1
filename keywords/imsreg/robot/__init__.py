"""The Robot Framework adapter: bench, listener, log view, selection, and the runs that commands start."""
