//! Every code that reading certificates and roots can give. A code never changes its meaning.
//!
//! Where Azure's service answers with a code of its own for the same mistake, that code is used.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: &str = $text;)*

        /// Every code with its meaning in one line, for documentation.
        pub const ALL: &[(&str, &str)] = &[$(($text, concat!($($doc),+).trim_ascii())),*];
    };
}

codes! {
    /// A certificate file without content.
    FILE_EMPTY = "CertificateFileEmpty";
    /// A certificate file of more than 64 KiB.
    FILE_TOO_LARGE = "CertificateFileTooLarge";
    /// A file that is neither a PFX nor PEM.
    FILE_UNKNOWN = "CertificateFileUnknown";
    /// Base64 text where the bytes themselves belong.
    FILE_BASE64 = "CertificateFileBase64";
    /// A certificate file that holds something else, such as a request or a PKCS#7 bag.
    FILE_WRONG_KIND = "CertificateFileWrongKind";
    /// A PEM file with a part that is not base64, or without its last line.
    PEM_DAMAGED = "PemDamaged";
    /// A PFX that is cut or damaged.
    PFX_DAMAGED = "PfxDamaged";
    /// A PFX that is protected in a way this gateway does not read.
    PFX_PROTECTION = "PfxProtectionNotSupported";
    /// A PFX that needs a password, and none is given.
    PFX_PASSWORD_MISSING = "PfxPasswordMissing";
    /// The password does not open the PFX.
    PFX_PASSWORD = "ApplicationGatewaySslCertificatePasswordIncorrect";
    /// A file without a certificate.
    CERTIFICATE_NOT_IN_FILE = "CertificateNotInFile";
    /// A certificate that cannot be read.
    CERTIFICATE_DAMAGED = "CertificateDamaged";
    /// A file without a private key.
    KEY_NOT_IN_FILE = "PrivateKeyNotInFile";
    /// A private key that cannot be read.
    KEY_DAMAGED = "PrivateKeyDamaged";
    /// A private key that belongs to none of the certificates.
    KEY_MISMATCH = "PrivateKeyMismatch";
    /// Several private keys that each have a certificate.
    SEVERAL_KEYS = "SeveralPrivateKeys";
    /// An RSA key that is too short or too long to be used.
    KEY_SIZE = "PrivateKeySize";
    /// A private key of a kind that TLS here cannot use.
    KEY_KIND = "PrivateKeyKindNotSupported";
    /// An encrypted private key, and no password is given.
    KEY_PASSWORD_MISSING = "PrivateKeyPasswordMissing";
    /// The password does not open the private key.
    KEY_PASSWORD = "PrivateKeyPasswordIncorrect";
    /// A private key that is encrypted in a way this gateway does not read.
    KEY_PROTECTION = "PrivateKeyProtectionNotSupported";

    /// A certificate whose time is over; it is served all the same.
    EXPIRED = "CertificateExpired";
    /// A certificate whose time has not come; it is served all the same.
    NOT_YET_VALID = "CertificateNotYetValid";
    /// A certificate that expires within 30 days.
    EXPIRES_SOON = "CertificateExpiresSoon";
    /// A chain that ends before a root.
    CHAIN_INCOMPLETE = "CertificateChainIncomplete";
    /// A certificate in the file that is no part of the chain.
    UNRELATED = "CertificateUnrelated";
    /// A certificate that is signed with SHA-1 or MD5, which clients refuse.
    WEAK_SIGNATURE = "CertificateWeakSignature";
    /// A certificate without alternative names, which most clients refuse.
    NO_NAMES = "CertificateWithoutNames";
    /// A file that is larger than Azure takes.
    ABOVE_AZURE_SIZE = "CertificateAboveAzureSize";
    /// A certificate of an authority where the certificate of a server belongs.
    IS_CA = "CertificateIsAuthority";
    /// A certificate that may not be used by servers.
    NOT_FOR_SERVERS = "CertificateNotForServers";
    /// A private key in the file that is not used.
    KEY_UNUSED = "PrivateKeyUnused";

    /// A trusted root that cannot be read.
    ROOT_INVALID = "TrustedRootInvalid";
    /// A trusted root with a private key.
    ROOT_PRIVATE_KEY = "TrustedRootHasPrivateKey";
    /// A trusted root that is neither an authority nor self-signed.
    ROOT_NOT_CA = "TrustedRootNotAuthority";
    /// A chain for client certificates without data.
    CLIENT_CA_MISSING = "ApplicationGatewayTrustedClientCertificateMustSpecifyData";
    /// A chain for client certificates with a private key.
    CLIENT_CA_PRIVATE_KEY = "ApplicationGatewayTrustedClientCertificateMustNotHavePrivateKey";
    /// A chain for client certificates that cannot be read.
    CLIENT_CA_INVALID = "ApplicationGatewayTrustedClientCertificateInvalidData";
    /// A chain for client certificates without a root.
    CLIENT_CA_NONE = "ApplicationGatewayTrustedClientCertificateDoesNotContainAnyCACertificate";
    /// A chain for client certificates with several roots.
    CLIENT_CA_SEVERAL = "ApplicationGatewayOnlyOneRootCAAllowedInTrustedClientCertificate";
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
