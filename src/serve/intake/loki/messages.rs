//! The protobuf messages of Loki's push (`pkg/push/push.proto` of grafana/loki). Texts are bytes: agents send lines as
//! they are, valid UTF-8 or not.

/// A request.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PushRequest {
    /// The streams.
    #[prost(message, repeated, tag = "1")]
    pub streams: Vec<StreamAdapter>,
}

/// Lines of the same labels.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StreamAdapter {
    /// `{a="b", c="d"}`.
    #[prost(string, tag = "1")]
    pub labels: String,
    /// The lines.
    #[prost(message, repeated, tag = "2")]
    pub entries: Vec<EntryAdapter>,
    /// A hash of the labels; not looked at.
    #[prost(uint64, tag = "3")]
    pub hash: u64,
}

/// A line.
#[derive(Clone, PartialEq, prost::Message)]
pub struct EntryAdapter {
    /// When; seconds and nanoseconds.
    #[prost(message, optional, tag = "1")]
    pub timestamp: Option<Time>,
    /// The text.
    #[prost(bytes = "vec", tag = "2")]
    pub line: Vec<u8>,
    /// Structured metadata.
    #[prost(message, repeated, tag = "3")]
    pub structured_metadata: Vec<LabelPairAdapter>,
}

/// A name and a value.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LabelPairAdapter {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The value.
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Time {
    /// Seconds since 1970.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds of the second.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}
