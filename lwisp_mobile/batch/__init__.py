"""Many RAW files: in this process, in several, or on a cluster."""
