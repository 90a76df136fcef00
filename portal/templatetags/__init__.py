"""What templates may call; it formats and never decides."""
