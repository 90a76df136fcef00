"""Forms shape what people send; they ask rules and contain none."""
