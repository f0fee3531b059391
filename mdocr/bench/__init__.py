"""What the models cost on this machine: latency, throughput, and the limits of the machine."""
