//! Conditions that advanced routing rules share. In Azure's model since 2026-03-01.
//!
//! Source: Azure REST reference, "ApplicationGatewayAdvancedRoutingConditionSet", api-version 2026-03-01.

use crate::extension::NoExtension;
use crate::provisioning_state::ProvisioningState;
use crate::schema::{List, Opt, choices, properties, resource};

properties! {
    /// Conditions all of which have to hold.
    pub struct AdvancedRoutingConditionSet {
        /// The conditions.
        pub routing_conditions: List<AdvancedRoutingCondition> = "routingConditions", required;
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(AdvancedRoutingConditionSet, "advancedRoutingConditionSets", NoExtension);

properties! {
    /// One condition on a request.
    pub struct AdvancedRoutingCondition {
        /// What is looked at.
        pub condition_type: Opt<AdvancedRoutingConditionType> = "conditionType", required;
        /// Name of the header or query argument.
        pub property_name: Opt<String> = "propertyName";
        /// Values that satisfy it, compared as a whole.
        pub property_values: List<String> = "propertyValues";
        /// A pattern that satisfies it.
        pub property_value_matcher: Opt<AdvancedRoutingPropertyValueMatcher> = "propertyValueMatcher";
    }
}

properties! {
    /// A pattern.
    pub struct AdvancedRoutingPropertyValueMatcher {
        /// Regular expression.
        pub pattern: Opt<String> = "pattern", required;
        /// Upper and lower case are the same. Default false.
        pub ignore_case: Opt<bool> = "ignoreCase";
        /// Satisfied when it does not match. Default false.
        pub negate: Opt<bool> = "negate";
    }
}

choices! {
    /// What a condition looks at.
    pub enum AdvancedRoutingConditionType {
        /// `Header`.
        Header = "Header",
        /// `QueryString`.
        QueryString = "QueryString",
        /// `Path`.
        Path = "Path",
        /// `ClientIP`.
        ClientIp = "ClientIP",
        /// `Method`.
        Method = "Method",
    }
}
