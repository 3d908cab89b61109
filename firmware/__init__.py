"""The appliance process: configuration, doors, and thin loops around the step machines."""
