//! State of the last write, on every resource and sub-resource. Filled in by Azure.
//!
//! Source: Azure REST reference, "ProvisioningState", api-version 2026-03-01.

use crate::schema::choices;

choices! {
    /// State of the last write.
    pub enum ProvisioningState {
        /// `Failed`.
        Failed = "Failed",
        /// `Succeeded`.
        Succeeded = "Succeeded",
        /// `Canceled`.
        Canceled = "Canceled",
        /// `Creating`.
        Creating = "Creating",
        /// `Updating`.
        Updating = "Updating",
        /// `Deleting`.
        Deleting = "Deleting",
    }
}
