//! Who of a region is its bridge: whoever has its lease in a bucket of NATS.
//!
//! A lease goes when it is not renewed for as long as the bucket keeps it. Whoever has it knows by its own clock from when
//! it was asked for, which is before NATS has begun to count, and gives it up a fifth earlier.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::kv::{CreateErrorKind, Operation, Store, UpdateErrorKind};
use herd::{Herd, ServerName};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::bus::Bus;
use crate::fault::Fault;
use crate::jetstream;

/// For how long a lease is kept that is not renewed, where the bucket is made here.
pub(crate) const LASTS: Duration = Duration::from_secs(5);

/// What a bucket may have instead.
const BOUNDS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(1);

/// Revisions have so many bits of a fencing number, the time at which the bucket was made those above. A bucket has far
/// fewer than 2^20 revisions a second, and 2^53 is the largest number that every reader of JSON takes as it is.
const REVISIONS: u32 = 20;

/// As many servers of its herd a claim names at most. It has to fit into a message.
const MOST_NAMED: usize = 1000;

/// What the holder of a lease says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claim {
    /// Its name.
    pub(crate) server: String,
    /// Where the others of its herd reach it.
    pub(crate) address: String,
    /// The servers of its herd.
    herd: Vec<String>,
}

impl Claim {
    pub(crate) fn new(herd: &Herd, name: &ServerName) -> Self {
        let address = herd.find(name.as_bytes()).map(|id| herd.member(id).address.clone()).unwrap_or_default();
        let others = herd.members().iter().take(MOST_NAMED).map(|member| member.name.to_string()).collect();
        Self { server: name.to_string(), address, herd: others }
    }

    /// Whether whoever claims it is of this claim's herd: it has that server at that address; or not yet, or no more,
    /// while herds are changed one file after the other, and then the other has this one.
    pub(crate) fn is_of_one_herd_with(&self, other: &Self, herd: &Herd) -> bool {
        match herd.find(other.server.as_bytes()) {
            Some(id) => herd.member(id).address == other.address,
            None => other.herd.contains(&self.server),
        }
    }
}

/// Who has a lease.
#[derive(Debug)]
pub(crate) enum Holder {
    /// Nobody.
    Nobody,
    /// This server, or the one that ran here before it, by that revision.
    This(u64),
    /// Another one of the herd.
    Mate,
    /// One of another herd.
    Stranger(Claim),
}

/// The lease of a region.
#[derive(Debug)]
pub(crate) struct Leases {
    store: Store,
    key: String,
    /// What fencing numbers begin with: a bucket that was made later gives higher ones.
    base: u64,
    /// For how long one is kept that is not renewed.
    pub(crate) lasts: Duration,
}

/// A lease that this server has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    /// Each lease of the region that is taken later has a higher one.
    pub(crate) fence: u64,
    revision: u64,
    asked: Instant,
}

/// What came of an attempt to have a lease, or to go on having it.
enum Attempt {
    Has(Lease),
    /// Somebody else has been there.
    Overtaken,
    Failed(Fault),
}

impl Leases {
    /// Opens the bucket, which is made if it is not there.
    pub(crate) async fn open(context: &Context, bus: &Bus) -> Result<Self, Fault> {
        let (name, settings) = (&bus.subjects.leases, &bus.settings);
        let wanted = jetstream::bucket(name, LASTS, settings.replicas);
        let stream = jetstream::stream(context, wanted, &bus.state).await?;
        let lasts = stream.cached_info().config.max_age;
        let made = u64::try_from(stream.cached_info().created.unix_timestamp()).unwrap_or_default();
        if !BOUNDS.contains(&lasts) {
            let setting = format!("an age of {lasts:?} for its entries, where {LASTS:?} is usual");
            return Err(Fault::Unfit { what: "bucket", name: name.clone(), setting });
        }
        let store =
            context.get_key_value(name).await.map_err(|error| Fault::of(format!("the bucket {name}"), &error))?;
        Ok(Self { store, key: settings.region.to_string(), base: made << REVISIONS, lasts })
    }

    /// Who has the lease.
    pub(crate) async fn holder(&self, claim: &Claim, herd: &Herd) -> Result<Holder, Fault> {
        let entry = self.store.entry(&self.key).await;
        let entry = entry.map_err(|error| Fault::of(format!("the lease of {}", self.key), &error))?;
        let Some(entry) = entry.filter(|entry| entry.operation == Operation::Put) else { return Ok(Holder::Nobody) };
        Ok(match serde_json::from_slice::<Claim>(&entry.value) {
            Ok(other) if claim.server == other.server && claim.address == other.address => Holder::This(entry.revision),
            Ok(other) if claim.is_of_one_herd_with(&other, herd) => Holder::Mate,
            Ok(other) => Holder::Stranger(other),
            // Whatever wrote that, it is none of this herd's.
            Err(_) => Holder::Stranger(Claim { server: "?".into(), address: "?".into(), herd: Vec::new() }),
        })
    }

    /// Takes the lease, which nobody has or an earlier one of this server's own; nothing if somebody else was quicker.
    pub(crate) async fn take(&self, claim: &Claim, own: Option<u64>) -> Result<Option<Lease>, Fault> {
        let attempt = match own {
            Some(revision) => self.update(claim, revision, None).await,
            None => self.create(claim).await,
        };
        match attempt {
            Attempt::Has(lease) => Ok(Some(lease)),
            Attempt::Overtaken => Ok(None),
            Attempt::Failed(fault) => Err(fault),
        }
    }

    /// Keeps it as long as that is possible, and returns why it was not any more. By then nobody else can have it.
    pub(crate) async fn keep(&self, lease: &mut Lease, claim: impl Fn() -> Claim) -> String {
        loop {
            let until = lease.asked + self.lasts - self.lasts / 5;
            sleep_until(lease.asked + self.lasts / 3).await;
            let mut why = String::from("not renewed in time");
            loop {
                match timeout_at(until, self.update(&claim(), lease.revision, Some(lease.fence))).await {
                    Ok(Attempt::Has(renewed)) => {
                        *lease = renewed;
                        break;
                    }
                    Ok(Attempt::Overtaken) => return "taken by another server".into(),
                    Ok(Attempt::Failed(fault)) => why = fault.to_string(),
                    Err(_) => return why,
                }
                sleep_until(until.min(Instant::now() + self.lasts / 10)).await;
                if until <= Instant::now() {
                    return why;
                }
            }
        }
    }

    /// Gives it back, so that another server need not wait.
    pub(crate) async fn release(&self, lease: &Lease) {
        // If that fails, it goes by itself.
        let _ = timeout(self.lasts / 10, self.store.delete_expect_revision(&self.key, Some(lease.revision))).await;
    }

    async fn create(&self, claim: &Claim) -> Attempt {
        let asked = Instant::now();
        match self.store.create(&self.key, value(claim)).await {
            Ok(revision) => Attempt::Has(Lease { fence: self.base + revision, revision, asked }),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Attempt::Overtaken,
            Err(error) => Attempt::Failed(self.fault(&error)),
        }
    }

    async fn update(&self, claim: &Claim, revision: u64, fence: Option<u64>) -> Attempt {
        let asked = Instant::now();
        match self.store.update(&self.key, value(claim), revision).await {
            Ok(revision) => Attempt::Has(Lease { fence: fence.unwrap_or(self.base + revision), revision, asked }),
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Attempt::Overtaken,
            Err(error) => Attempt::Failed(self.fault(&error)),
        }
    }

    fn fault(&self, error: &(dyn std::error::Error + 'static)) -> Fault {
        Fault::of(format!("the lease of {}", self.key), error)
    }
}

fn value(claim: &Claim) -> bytes::Bytes {
    serde_json::to_vec(claim).expect("it has names for keys").into()
}
