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
            Self::HerdTokio | Self::HerdAsyncStd | Self::Asyncio | Self::Node => Dialect::Herd,
            Self::RedisSet | Self::RedisPartial | Self::RedisFull => Dialect::RedisSet,
            Self::RedisGeo => Dialect::RedisGeoadd,
            Self::Memcached => Dialect::Memcached,
        }
    }

    /// Whether it is Redis, told in whichever way.
    pub(crate) const fn is_redis(self) -> bool {
        matches!(self, Self::RedisSet | Self::RedisGeo | Self::RedisPartial | Self::RedisFull)
    }
}
