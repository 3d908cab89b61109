"""The whole appliance in one process, driven through any interleaving of events and judged by an independent model."""
