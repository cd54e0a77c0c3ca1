//! What a region has in JetStream: made where it is not there, and looked at where it is.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, Stream};

use crate::bus::Bus;
use crate::fault::Fault;
use crate::state::{About, State};

/// How long arrivals are kept: a region that was away for longer compares what it has with the others'.
const KEPT: Duration = Duration::from_hours(24);

/// After how long an arrival that was read and not acknowledged is given to whoever is the bridge then.
const ACK_WAIT: Duration = Duration::from_secs(5);

/// As many arrivals may be under way to a bridge.
pub(crate) const MOST_UNACKED: usize = 64;

/// The stream of arrivals, which is made if it is not there.
pub(crate) async fn arrivals(context: &Context, bus: &Bus) -> Result<Stream, Fault> {
    let wanted = Config {
        name: bus.subjects.stream.clone(),
        subjects: vec![bus.subjects.arrivals()],
        retention: RetentionPolicy::Limits,
        max_age: KEPT,
        num_replicas: bus.settings.replicas,
        description: Some("Clients that have come to a region of herds, and clients that were forgotten".into()),
        ..Config::default()
    };
    let there = stream(context, wanted.clone(), &bus.state).await?;
    judge(&wanted, &there.cached_info().config, &bus.state)?;
    Ok(there)
}

/// The stream of a bucket, as every client of NATS makes it.
pub(crate) fn bucket(name: &str, lasting: Duration, replicas: usize) -> Config {
    Config {
        name: format!("KV_{name}"),
        subjects: vec![format!("$KV.{name}.>")],
        max_messages_per_subject: 1,
        max_age: lasting,
        duplicate_window: lasting,
        discard: DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        num_replicas: replicas,
        description: Some("Which server of each region of herds is its bridge".into()),
        ..Config::default()
    }
}

/// That stream, which is made if it is not there.
pub(crate) async fn stream(jetstream: &Context, wanted: Config, state: &State) -> Result<Stream, Fault> {
    let name = wanted.name.clone();
    match jetstream.get_stream(&name).await {
        Ok(stream) => return Ok(stream),
        Err(error) => {
            if let Some(fault) = Fault::of_get(format!("$JS.API.STREAM.INFO.{name}"), &error) {
                return Err(fault);
            }
        }
    }
    let replicas = wanted.num_replicas;
    let made = jetstream.create_stream(wanted).await;
    let stream = made.map_err(|error| Fault::of_create(format!("$JS.API.STREAM.CREATE.{name}"), &error))?;
    state.made("stream", &name, replicas);
    Ok(stream)
}

/// Looks whether the stream of arrivals that is there loses nothing, and tells what else of it is not as was asked for.
fn judge(wanted: &Config, there: &Config, state: &State) -> Result<(), Fault> {
    let unfit = |setting: String| Fault::Unfit { what: "stream", name: there.name.clone(), setting };
    if there.subjects != wanted.subjects {
        return Err(unfit(format!(
            "the subjects {} and not {}",
            there.subjects.join(", "),
            wanted.subjects.join(", ")
        )));
    }
    if there.retention != RetentionPolicy::Limits {
        return Err(unfit(format!("{:?} retention and not Limits", there.retention)));
    }
    if there.max_messages_per_subject > 0 {
        return Err(unfit(format!("room for {} messages of a subject", there.max_messages_per_subject)));
    }
    for (is_set, setting) in [(there.no_ack, "no acknowledgments"), (there.sealed, "a seal")] {
        if is_set {
            return Err(unfit(setting.into()));
        }
    }
    let differs = [
        (there.max_age != wanted.max_age, format!("keeps messages for {:?} and not for {KEPT:?}", there.max_age)),
        (there.num_replicas != wanted.num_replicas, format!("has {} replicas", there.num_replicas)),
        (there.storage != wanted.storage, format!("is kept in {:?}", there.storage)),
        (there.discard != wanted.discard, "refuses messages when it is full".into()),
        (there.max_bytes > 0, format!("has room for {} bytes", there.max_bytes)),
        (there.max_messages > 0, format!("has room for {} messages", there.max_messages)),
    ];
    let differs: Vec<_> = differs.into_iter().filter_map(|(differs, what)| differs.then_some(what)).collect();
    if differs.is_empty() {
        state.right(About::Differs);
    } else {
        state.wrong(About::Differs, format!("{} {}", there.name, differs.join(", ")));
    }
    Ok(())
}

/// The consumer by which a region reads arrivals, which is made if it is not there.
pub(crate) async fn consumer(stream: &Stream, region: &str, state: &State) -> Result<PullConsumer, Fault> {
    let name = &stream.cached_info().config.name;
    if let Ok(there) = stream.get_consumer::<pull::Config>(region).await {
        return fit(there, region);
    }
    let wanted = pull::Config {
        durable_name: Some(region.to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_ack_pending: i64::try_from(MOST_UNACKED).unwrap_or(i64::MAX),
        ..pull::Config::default()
    };
    let made = stream.create_consumer(wanted).await;
    let consumer = made.map_err(|error| Fault::of(format!("$JS.API.CONSUMER.CREATE.{name}.{region}"), &error))?;
    state.made("consumer", region, stream.cached_info().config.num_replicas);
    Ok(consumer)
}

/// That consumer, if it loses nothing.
fn fit(there: PullConsumer, region: &str) -> Result<PullConsumer, Fault> {
    let config = &there.cached_info().config;
    let unfit = |setting: String| Fault::Unfit { what: "consumer", name: region.to_owned(), setting };
    if config.ack_policy != AckPolicy::Explicit {
        return Err(unfit(format!("the policy {:?} and not Explicit for acknowledgments", config.ack_policy)));
    }
    if !config.filter_subject.is_empty() || config.max_deliver > 0 {
        return Err(unfit("a filter, or a bound on deliveries".into()));
    }
    Ok(there)
}
