//! The `ingest` room.
