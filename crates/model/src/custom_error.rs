//! Error pages of the operator's own.
//!
//! Source: `custom-error`; Azure REST reference, "ApplicationGatewayCustomError", api-version 2026-03-01.

use crate::schema::{Opt, choices, properties};

properties! {
    /// The page shown instead of the gateway's own for one status.
    pub struct CustomError {
        /// The status.
        pub status_code: Opt<CustomErrorStatusCode> = "statusCode";
        /// Where the page is: an `.htm` or `.html` URL, fetched when the configuration is applied. Below 1 MB.
        pub custom_error_page_url: Opt<String> = "customErrorPageUrl";
    }
}

choices! {
    /// Statuses that can have a page.
    pub enum CustomErrorStatusCode {
        /// `HttpStatus400`.
        HttpStatus400 = "HttpStatus400",
        /// `HttpStatus403`.
        HttpStatus403 = "HttpStatus403",
        /// `HttpStatus404`.
        HttpStatus404 = "HttpStatus404",
        /// `HttpStatus405`.
        HttpStatus405 = "HttpStatus405",
        /// `HttpStatus408`.
        HttpStatus408 = "HttpStatus408",
        /// `HttpStatus500`.
        HttpStatus500 = "HttpStatus500",
        /// `HttpStatus502`.
        HttpStatus502 = "HttpStatus502",
        /// `HttpStatus503`.
        HttpStatus503 = "HttpStatus503",
        /// `HttpStatus504`.
        HttpStatus504 = "HttpStatus504",
    }
}
