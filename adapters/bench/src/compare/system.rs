//! What is compared.

use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;

/// A server, and where it can do the job in two ways, one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum System {
    /// A herd on tokio.
    HerdTokio,
    /// A herd on async-std.
    HerdAsyncStd,
    /// A herd on tokio, within TLS.
    HerdTokioTls,
    /// A herd on async-std, within TLS.
    HerdAsyncStdTls,
    /// A herd on tokio, told over HTTP.
    HerdTokioHttp,
    /// A herd on async-std, told over HTTP.
    HerdAsyncStdHttp,
    /// hyper on tokio, which answers as a herd does over HTTP, and keeps nothing.
    BareHyper,
    /// Redis, told with SET within TLS.
    RedisTls,
    /// rustls on bare sockets, which sends back what it gets.
    RustlsEcho,
    /// A herd on tokio that keeps what it knows on disk, synced each second.
    HerdTokioDisk,
    /// The same, synced before each reply.
    HerdTokioEach,
    /// Redis, told with SET, with an append-only file that is synced each second.
    RedisEverysec,
    /// The same, synced before each reply.
    RedisAlways,
    /// Redis, told with SET.
    RedisSet,
    /// Redis, told with GEOADD; asked with GEOSEARCH.
    RedisGeo,
    /// Redis, told with SET, with a backlog for replicas that lasts.
    RedisPartial,
    /// Redis, told with SET, with the least backlog that there can be.
    RedisFull,
    /// memcached.
    Memcached,
    /// The plain herd on Python's asyncio.
    Asyncio,
    /// The plain herd on Node.js.
    Node,
}

impl System {
    /// What people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::HerdTokio => "herd-tokio",
            Self::HerdAsyncStd => "herd-async-std",
            Self::HerdTokioTls => "herd-tokio, TLS",
            Self::HerdAsyncStdTls => "herd-async-std, TLS",
            Self::HerdTokioHttp => "herd-tokio, HTTP",
            Self::HerdAsyncStdHttp => "herd-async-std, HTTP",
            Self::BareHyper => "bare hyper",
            Self::RedisTls => "Redis SET, TLS",
            Self::RustlsEcho => "rustls echo",
            Self::HerdTokioDisk => "herd-tokio, 1s",
            Self::HerdTokioEach => "herd-tokio, each",
            Self::RedisEverysec => "Redis SET, everysec",
            Self::RedisAlways => "Redis SET, always",
            Self::RedisSet => "Redis SET",
            Self::RedisGeo => "Redis GEO",
            Self::RedisPartial => "Redis partial",
            Self::RedisFull => "Redis full",
            Self::Memcached => "memcached",
            Self::Asyncio => "Python asyncio",
            Self::Node => "Node.js",
        }
    }

    /// What it understands.
    pub(crate) const fn dialect(self) -> Dialect {
        match self {
            Self::HerdTokio
            | Self::HerdAsyncStd
            | Self::HerdTokioTls
            | Self::HerdAsyncStdTls
            | Self::HerdTokioDisk
            | Self::HerdTokioEach
            | Self::Asyncio
            | Self::Node => Dialect::Herd,
            Self::RedisSet
            | Self::RedisTls
            | Self::RedisPartial
            | Self::RedisFull
            | Self::RedisEverysec
            | Self::RedisAlways => Dialect::RedisSet,
            Self::HerdTokioHttp | Self::HerdAsyncStdHttp | Self::BareHyper => Dialect::HttpPut,
            Self::RustlsEcho => Dialect::Echo,
            Self::RedisGeo => Dialect::RedisGeoadd,
            Self::Memcached => Dialect::Memcached,
        }
    }

    /// Whether it is talked to within TLS.
    pub(crate) const fn is_encrypted(self) -> bool {
        matches!(self, Self::HerdTokioTls | Self::HerdAsyncStdTls | Self::RedisTls | Self::RustlsEcho)
    }

    /// The program, where it is a herd.
    pub(crate) const fn herd(self) -> Option<&'static str> {
        match self {
            Self::HerdTokio | Self::HerdTokioHttp | Self::HerdTokioTls | Self::HerdTokioDisk | Self::HerdTokioEach => {
                Some("herd-tokio")
            }
            Self::HerdAsyncStd | Self::HerdAsyncStdHttp | Self::HerdAsyncStdTls => Some("herd-async-std"),
            _ => None,
        }
    }

    /// How much a crash may lose of what it keeps on disk, as its settings have it, if it keeps something there.
    pub(crate) const fn sync(self) -> Option<&'static str> {
        match self {
            Self::HerdTokioDisk => Some("1s"),
            Self::HerdTokioEach => Some("each"),
            Self::RedisEverysec => Some("everysec"),
            Self::RedisAlways => Some("always"),
            _ => None,
        }
    }

    /// Whether it is Redis, told in whichever way.
    pub(crate) const fn is_redis(self) -> bool {
        matches!(self, Self::RedisGeo) || matches!(self.dialect(), Dialect::RedisSet)
    }
}
