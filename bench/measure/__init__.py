"""Measures paymento against what shops use today. Started by `bench/run`."""
