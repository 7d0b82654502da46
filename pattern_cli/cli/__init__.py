"""The command line: parse, call one service, hand rows to render."""
