//! Product tier and size: decides which features Azure offers; here only whether the firewall is meant to run.
//!
//! Source: Azure REST reference, "ApplicationGatewaySku", api-version 2026-03-01.

use crate::schema::{Opt, choices, properties};

properties! {
    /// Product tier and fixed size.
    pub struct Sku {
        /// The size name.
        pub name: Opt<SkuName> = "name";
        /// The tier; has to agree with the name.
        pub tier: Opt<Tier> = "tier";
        /// Number of instances. 1 to 125 (v2); absent with autoscaling. Means nothing here.
        pub capacity: Opt<i64> = "capacity";
        /// Hardware generation; rare.
        pub family: Opt<SkuFamily> = "family";
    }
}

properties! {
    /// Range of sizes in Azure; means nothing here.
    pub struct AutoscaleConfiguration {
        /// Fewest instances. 0 or more.
        pub min_capacity: Opt<i64> = "minCapacity", required;
        /// Most instances. 2 to 125.
        pub max_capacity: Opt<i64> = "maxCapacity";
    }
}

choices! {
    /// Size names. Those of the retired v1 tier are accepted so that old documents can be read.
    pub enum SkuName {
        /// `Standard_Small`.
        StandardSmall = "Standard_Small",
        /// `Standard_Medium`.
        StandardMedium = "Standard_Medium",
        /// `Standard_Large`.
        StandardLarge = "Standard_Large",
        /// `WAF_Medium`.
        WafMedium = "WAF_Medium",
        /// `WAF_Large`.
        WafLarge = "WAF_Large",
        /// `Standard_v2`.
        StandardV2 = "Standard_v2",
        /// `WAF_v2`.
        WafV2 = "WAF_v2",
        /// `Basic`.
        Basic = "Basic",
        /// `Basic_v2`.
        BasicV2 = "Basic_v2",
        /// `Basic_WAF_v2`.
        BasicWafV2 = "Basic_WAF_v2",
    }
}

choices! {
    /// Product tiers.
    pub enum Tier {
        /// `Standard`.
        Standard = "Standard",
        /// `WAF`.
        Waf = "WAF",
        /// `Standard_v2`.
        StandardV2 = "Standard_v2",
        /// `WAF_v2`.
        WafV2 = "WAF_v2",
        /// `Basic`.
        Basic = "Basic",
        /// `Basic_v2`.
        BasicV2 = "Basic_v2",
        /// `Basic_WAF_v2`.
        BasicWafV2 = "Basic_WAF_v2",
    }
}

choices! {
    /// Hardware generations.
    pub enum SkuFamily {
        /// `Generation_1`.
        Generation1 = "Generation_1",
        /// `Generation_2`.
        Generation2 = "Generation_2",
    }
}
