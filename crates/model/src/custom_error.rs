//! Error pages of the operator's own.
//!
//! Source: `custom-error`; Azure REST reference, "ApplicationGatewayCustomError", api-version 2026-03-01.

use crate::extension::CustomErrorExtension;
use crate::schema::{Opt, choices, properties};

properties! {
    /// The page shown instead of the gateway's own for one status.
    pub struct CustomError {
        /// The status.
        pub status_code: Opt<CustomErrorStatusCode> = "statusCode";
        /// Where the page is: an `.htm` or `.html` URL, fetched when the configuration is applied. Below 1 MB.
        pub custom_error_page_url: Opt<String> = "customErrorPageUrl";
        /// What Azure does not have.
        pub gatehouse: Opt<CustomErrorExtension> = "gatehouse", extension;
    }
}

choices! {
    /// Statuses that can have a page. [`CustomErrorStatusCode::is_azures`] tells those that Azure knows.
    pub enum CustomErrorStatusCode {
        /// `HttpStatus400`.
        HttpStatus400 = "HttpStatus400",
        /// `HttpStatus401`.
        HttpStatus401 = "HttpStatus401",
        /// `HttpStatus403`.
        HttpStatus403 = "HttpStatus403",
        /// `HttpStatus404`.
        HttpStatus404 = "HttpStatus404",
        /// `HttpStatus405`.
        HttpStatus405 = "HttpStatus405",
        /// `HttpStatus408`.
        HttpStatus408 = "HttpStatus408",
        /// `HttpStatus413`.
        HttpStatus413 = "HttpStatus413",
        /// `HttpStatus414`.
        HttpStatus414 = "HttpStatus414",
        /// `HttpStatus417`.
        HttpStatus417 = "HttpStatus417",
        /// `HttpStatus421`.
        HttpStatus421 = "HttpStatus421",
        /// `HttpStatus429`.
        HttpStatus429 = "HttpStatus429",
        /// `HttpStatus431`.
        HttpStatus431 = "HttpStatus431",
        /// `HttpStatus500`.
        HttpStatus500 = "HttpStatus500",
        /// `HttpStatus501`.
        HttpStatus501 = "HttpStatus501",
        /// `HttpStatus502`.
        HttpStatus502 = "HttpStatus502",
        /// `HttpStatus503`.
        HttpStatus503 = "HttpStatus503",
        /// `HttpStatus504`.
        HttpStatus504 = "HttpStatus504",
        /// `HttpStatus505`.
        HttpStatus505 = "HttpStatus505",
    }
}

impl CustomErrorStatusCode {
    /// The status itself.
    pub fn status(self) -> u16 {
        match self {
            Self::HttpStatus400 => 400,
            Self::HttpStatus401 => 401,
            Self::HttpStatus403 => 403,
            Self::HttpStatus404 => 404,
            Self::HttpStatus405 => 405,
            Self::HttpStatus408 => 408,
            Self::HttpStatus413 => 413,
            Self::HttpStatus414 => 414,
            Self::HttpStatus417 => 417,
            Self::HttpStatus421 => 421,
            Self::HttpStatus429 => 429,
            Self::HttpStatus431 => 431,
            Self::HttpStatus500 => 500,
            Self::HttpStatus501 => 501,
            Self::HttpStatus502 => 502,
            Self::HttpStatus503 => 503,
            Self::HttpStatus504 => 504,
            Self::HttpStatus505 => 505,
        }
    }

    /// Whether Azure's model has it; the others are extensions of this gateway.
    pub fn is_azures(self) -> bool {
        matches!(self.status(), 400 | 403 | 404 | 405 | 408 | 500 | 502 | 503 | 504)
    }
}
