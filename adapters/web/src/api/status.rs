//! `/v1/status`: how the server is, as STATUS says it.

use herd::wire::Need;

use crate::problem::Problem;
use crate::reply::{Reply, json};
use crate::router::Call;

pub(crate) fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    call.query(&[])?;
    call.asker()?.may(Need::Status, b"")?;
    let host = &call.door.host;
    let mut status = Vec::new();
    host.node().status(host.now(), host.status()).write(&mut status);
    Ok(json(status))
}
