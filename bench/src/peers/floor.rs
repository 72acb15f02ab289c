//! The relay of [`crate::relay`] as a target.

use anyhow::Result;

use super::Setup;
use crate::relay::RelaySpec;
use crate::roles::{Placed, Role};

/// The relay ends by itself after this long.
const SECONDS: u64 = 3_600;

/// The command that starts the relay.
pub(super) fn prepare(setup: &Setup<'_>) -> Result<Vec<String>> {
    let role = Role::Relay(RelaySpec { address: setup.address, members: setup.members.to_vec(), seconds: SECONDS });
    let spec = serde_json::to_string(&Placed { core: setup.cores.proxy, role })?;
    Ok(vec![std::env::current_exe()?.display().to_string(), "role".into(), spec])
}
