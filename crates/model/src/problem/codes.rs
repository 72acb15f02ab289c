//! Every problem code of this crate. A code never changes its meaning: people filter and suppress by it.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: &str = $text;)*

        /// Every code with its meaning in one line, for documentation and SARIF rules.
        pub const ALL: &[(&str, &str)] = &[$(($text, concat!($($doc),+).trim_ascii())),*];
    };
}

codes! {
    /// The text is larger than this gateway reads.
    DOCUMENT_TOO_LARGE = "DocumentTooLarge";
    /// The text nests deeper, or unfolds to more values, than this gateway reads.
    DOCUMENT_TOO_COMPLEX = "DocumentTooComplex";
    /// The text is not well-formed JSON.
    INVALID_JSON = "InvalidJson";
    /// The text is not well-formed YAML.
    INVALID_YAML = "InvalidYaml";
    /// The same key stands twice in one object.
    DUPLICATE_KEY = "DuplicateKey";
    /// The text is neither a resource nor a template nor a wrapper this gateway knows.
    UNKNOWN_FORM = "UnknownForm";
    /// No application gateway was found in what was given.
    GATEWAY_MISSING = "GatewayMissing";
    /// The sources hold several application gateways and none was chosen.
    SEVERAL_GATEWAYS = "SeveralGateways";
    /// A property this gateway does not know; it is ignored.
    UNKNOWN_PROPERTY = "UnknownProperty";
    /// A value of the wrong kind.
    TYPE_MISMATCH = "TypeMismatch";
    /// A value outside the list of allowed ones.
    UNKNOWN_VALUE = "UnknownValue";
    /// A property that must be given is absent.
    MISSING_PROPERTY = "MissingProperty";
    /// A sub-resource without a name.
    MISSING_NAME = "MissingName";
    /// Two members of a collection bear the same name.
    DUPLICATE_NAME = "DuplicateName";
    /// The id of a sub-resource ends in another name than the one it bears.
    ID_MISMATCH = "IdMismatch";
    /// A reference without a usable id.
    EMPTY_REFERENCE = "EmptyReference";
    /// A reference names something that does not exist.
    REFERENCE_NOT_FOUND = "ReferenceNotFound";
    /// A reference points at another kind of resource than the property takes.
    REFERENCE_WRONG_KIND = "ReferenceWrongKind";
    /// A reference points into another gateway.
    REFERENCE_TO_OTHER_GATEWAY = "ReferenceToOtherGateway";
    /// A template expression stands in a document that is not a template.
    EXPRESSION_OUTSIDE_TEMPLATE = "ExpressionOutsideTemplate";
    /// A template expression is not well-formed.
    EXPRESSION_SYNTAX = "ExpressionSyntax";
    /// A template function this gateway does not know.
    UNKNOWN_FUNCTION = "UnknownFunction";
    /// A template function was given arguments it does not take.
    FUNCTION_ARGUMENTS = "FunctionArguments";
    /// A value only Azure knows, at deployment time.
    NOT_KNOWN_BEFORE_DEPLOYMENT = "NotKnownBeforeDeployment";
    /// A template parameter has neither a value nor a default.
    PARAMETER_MISSING = "ParameterMissing";
    /// A template parameter that was never declared.
    PARAMETER_UNKNOWN = "ParameterUnknown";
    /// The value of a template parameter has the wrong type or is not allowed.
    PARAMETER_VALUE = "ParameterValue";
    /// A template variable that was never declared.
    VARIABLE_UNKNOWN = "VariableUnknown";
    /// A parameter, variable or resource needs itself to be worked out.
    CIRCULAR_EXPRESSION = "CircularExpression";
    /// A property of an evaluated value does not exist.
    PROPERTY_NOT_FOUND = "PropertyNotFound";
    /// `reference` names a resource the template does not have.
    RESOURCE_NOT_FOUND = "ResourceNotFound";
    /// A copy loop is not well-formed.
    INVALID_COPY = "InvalidCopy";
    /// A template is not well-formed.
    INVALID_TEMPLATE = "InvalidTemplate";
    /// Working out the template took more steps than allowed.
    TEMPLATE_TOO_COMPLEX = "TemplateTooComplex";
    /// A number outside the range the site file allows.
    OUT_OF_RANGE = "OutOfRange";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_pascal_case() {
        let mut seen = std::collections::HashSet::new();
        for (code, meaning) in ALL {
            assert!(seen.insert(code), "{code} stands twice");
            assert!(code.starts_with(char::is_uppercase) && code.chars().all(char::is_alphanumeric), "{code}");
            assert!(meaning.ends_with('.'), "{code}: {meaning}");
        }
    }
}
