//! What the operator writes: the Azure Application Gateway resource model, read from text, every value with its place.
//!
//! The first stop of a configuration: text -> tree ([`node`]) -> form ([`form`]; templates are worked out in
//! `template`) -> typed resources ([`application_gateway`] and its neighbours, one file per kind). What is wrong is
//! collected in [`Problems`] with place, found, expected and a suggestion. Data only: no sockets, no files, no clock;
//! what the machine runs is made from it by `snapshot`.

pub mod catalog;
pub mod export;
pub mod form;
pub mod node;
pub mod path;
pub mod problem;
pub mod read;
pub mod reference;
pub mod resource_id;
pub mod schema;
pub mod site;
pub mod source;
pub mod syntax;
mod template;

pub mod advanced_routing_condition_set;
pub mod advanced_routing_map;
pub mod application_gateway;
pub mod authentication_certificate;
pub mod backend_address_pool;
pub mod backend_http_settings;
pub mod backend_ip_configuration;
pub mod backend_settings;
pub mod custom_error;
pub mod entra_jwt_validation_config;
pub mod extension;
pub mod frontend_ip_configuration;
pub mod frontend_port;
pub mod gateway_ip_configuration;
pub mod global_configuration;
pub mod http_listener;
pub mod identity;
pub mod listener;
pub mod load_distribution_policy;
pub mod path_rule;
pub mod private_link;
pub mod probe;
pub mod provisioning_state;
pub mod redirect_configuration;
pub mod request_routing_rule;
pub mod rewrite_rule_set;
pub mod routing_rule;
pub mod sku;
pub mod ssl_certificate;
pub mod ssl_policy;
pub mod ssl_profile;
pub mod trusted_client_certificate;
pub mod trusted_root_certificate;
pub mod url_path_map;
pub mod web_application_firewall_configuration;
pub mod web_application_firewall_policy;

pub use application_gateway::ApplicationGateway;
pub use form::Form;
pub use node::{At, Node, Number, Value};
pub use path::Path;
pub use problem::{Problem, Problems, Severity};
pub use read::{Document, ReadOptions, Reading, read};
pub use reference::{Reference, Target};
pub use resource_id::ResourceId;
pub use schema::{Collection, Field, List, Map, Named, Opt, Secret};
pub use source::{Source, Sources, Span};
pub use web_application_firewall_policy::WebApplicationFirewallPolicy;
