"""What the four ports share: numbers and statements, never a framework."""
