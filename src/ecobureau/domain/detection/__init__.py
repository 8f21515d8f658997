"""Detection: abnormal and suspected-falsified automatic monitoring data, with reasons an officer can act on."""
