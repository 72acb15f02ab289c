//! Custom error pages of the gateway and of listeners.
//!
//! Source: Azure, "Create custom error pages" (custom-error): an `.htm` or `.html` page at a public URL.
//! Whether it can be fetched and how long it is shows only when it is.

use std::collections::HashSet;

use model::custom_error::{CustomError, CustomErrorStatusCode};
use model::{List, Problem};
use routing::UrlTarget;

use super::codes;
use super::context::{Context, text};

/// Checks the pages of the gateway and of every listener.
pub(super) fn check_all(context: &mut Context<'_>) {
    let gateway = context.gateway;
    check(context, &gateway.custom_error_configurations);
    for listener in &gateway.http_listeners {
        check(context, &listener.custom_error_configurations);
    }
}

fn check(context: &mut Context<'_>, pages: &List<CustomError>) {
    let mut seen = HashSet::new();
    for page in pages {
        match &page.status_code {
            None => context.missing(&page.at, "statusCode", "this error page"),
            Some(status) => {
                if !seen.insert(status.value) {
                    let message = format!("there is a page for {} already", status.value);
                    context.error(codes::DUPLICATE_ERROR_PAGE, &status.at, message);
                }
                if status.value == CustomErrorStatusCode::HttpStatus404 {
                    let message = "Azure lists this status but has no custom page for it";
                    context.azure_refuses(Problem::warning(codes::ERROR_PAGE_STATUS, &status.at, message));
                }
            }
        }
        let Some(url) = text(&page.custom_error_page_url) else {
            context.missing(&page.at, "customErrorPageUrl", "this error page");
            continue;
        };
        if !is_page_url(&url.value) {
            let problem = Problem::error(codes::INVALID_ERROR_PAGE, &url.at, "this cannot be an error page");
            let expected = "a public URL that ends in \".htm\" or \".html\"";
            context.problems.push(problem.found(format!("{:?}", url.value)).expected(expected));
        }
    }
}

fn is_page_url(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url).to_ascii_lowercase();
    UrlTarget::parse(url).is_ok() && (path.ends_with(".htm") || path.ends_with(".html"))
}
