"""DAG-CBOR, CAR framing, archive formats, import."""
