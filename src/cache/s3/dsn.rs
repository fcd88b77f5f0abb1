//! Which bucket, as whom, and what writes send besides: `RASTERZEN_S3_DSN` in the form that go-rasterzen made known,
//! and `RASTERZEN_CACHE_OPTIONS`. Messages name keys and never values that could be secrets.

use super::failure::is_word;
use crate::error::Error;
use aws_sdk_s3::types::{ObjectCannedAcl, ServerSideEncryption, StorageClass};
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Which bucket to use, and as whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Dsn {
    pub bucket: String,
    /// Without slashes at its ends; may be empty.
    pub prefix: String,
    pub region: String,
    pub credentials: Credentials,
    /// Of a store that is not Amazon's.
    pub endpoint: Option<String>,
    /// Whether the bucket stands in the path instead of the host name.
    pub path_style: bool,
}

/// Where the keys come from. The keys themselves are never in a DSN.
#[derive(Clone, PartialEq)]
pub enum Credentials {
    /// `iam:`, the SDK's default chain: environment, profile, web identity, container, instance.
    Chain,
    /// `env:`
    Environment,
    /// `{profile}` of the shared files
    Profile(String),
    /// `{file}:{profile}`
    File(PathBuf, String),
}

/// Tells the kind only: someone may have put a key where the name of a profile belongs.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::Chain => "iam:",
            Credentials::Environment => "env:",
            Credentials::Profile(_) => "{profile}",
            Credentials::File(..) => "{file}:{profile}",
        })
    }
}

const DSN_KEYS: [&str; 6] = ["bucket", "prefix", "region", "credentials", "endpoint", "path_style"];

fn wrong_dsn(detail: impl fmt::Display) -> Error {
    Error::misconfigured(
        format!("the DSN {detail}"),
        "a DSN is bucket=… region=… credentials=… in any order, and prefix=…, endpoint=… and path_style=true|false at \
         will; values with spaces stand in quotes; credentials= takes iam:, env:, {profile} or {file}:{profile}",
    )
}

impl FromStr for Dsn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Dsn, Error> {
        let mut values = dsn_values(text)?;
        let mut required = |key: &str| values.remove(key).ok_or_else(|| wrong_dsn(format_args!("is missing '{key}='")));
        let (bucket, region) = (required("bucket")?, required("region")?);
        let credentials = required("credentials")?.parse()?;
        let prefix = values.remove("prefix").unwrap_or_default();
        let endpoint = values.remove("endpoint");
        let local = match &endpoint {
            Some(endpoint) => is_local(&endpoint_host(endpoint)?),
            None => false,
        };
        Ok(Dsn {
            bucket: checked_bucket(bucket)?,
            prefix: prefix.trim_matches('/').to_owned(),
            region: checked_region(region)?,
            credentials,
            endpoint,
            path_style: match values.get("path_style").map(String::as_str) {
                None => local,
                Some("true") => true,
                Some("false") => false,
                Some(_) => return Err(wrong_dsn("has a 'path_style=' that is neither true nor false")),
            },
        })
    }
}

/// The values of a DSN by their keys, each of which is known and stands once.
fn dsn_values(text: &str) -> Result<HashMap<&'static str, String>, Error> {
    let mut values = HashMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let key_ends = rest.find(|c: char| c == '=' || c.is_whitespace()).filter(|&at| rest[at..].starts_with('='));
        let Some(key_ends) = key_ends else {
            return Err(wrong_dsn(format_args!("has no '=' in its word {}", values.len() + 1)));
        };
        let key = known_dsn_key(&rest[..key_ends], values.len() + 1)?;
        let (value, behind) = dsn_value(key, &rest[key_ends + 1..])?;
        if values.insert(key, value.to_owned()).is_some() {
            return Err(wrong_dsn(format_args!("has '{key}=' twice")));
        }
        rest = behind.trim_start();
    }
    Ok(values)
}

/// Names an unknown key only if it looks like one: a secret that was pasted without its key may end in `=` too.
fn known_dsn_key(key: &str, word: usize) -> Result<&'static str, Error> {
    if let Some(known) = DSN_KEYS.iter().find(|known| **known == key) {
        return Ok(known);
    }
    let printable = key.len() <= 20 && key.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_' || b == b'-');
    Err(match printable {
        true => wrong_dsn(format_args!("has an unknown key '{key}='")),
        false => wrong_dsn(format_args!("has an unknown key in its word {word}")),
    })
}

/// One value, quoted or up to the next space, and what is behind it.
fn dsn_value<'a>(key: &str, text: &'a str) -> Result<(&'a str, &'a str), Error> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return Ok(text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())));
    };
    let Some((value, behind)) = text[1..].split_once(quote) else {
        return Err(wrong_dsn(format_args!("has a quote after '{key}=' that is not closed")));
    };
    if behind.starts_with(|c: char| !c.is_whitespace()) {
        return Err(wrong_dsn(format_args!("has no space behind the quoted value of '{key}='")));
    }
    Ok((value, behind))
}

fn checked_bucket(bucket: String) -> Result<String, Error> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
    // The ARN of an access point is taken in place of a name.
    match bucket.starts_with("arn:") || (!bucket.is_empty() && bucket.bytes().all(allowed)) {
        true => Ok(bucket),
        false if bucket.is_empty() => Err(wrong_dsn("has an empty 'bucket='")),
        false => Err(wrong_dsn("has a 'bucket=' that is not a bucket's name (a folder in it goes into prefix=)")),
    }
}

fn checked_region(region: String) -> Result<String, Error> {
    match is_word(&region) {
        true => Ok(region),
        false => Err(wrong_dsn("has a 'region=' that is not a region's name, such as us-east-1")),
    }
}

/// The host of an endpoint, which is a plain HTTP or HTTPS address.
pub fn endpoint_host(endpoint: &str) -> Result<String, Error> {
    let uri = endpoint.parse::<http::Uri>().ok().filter(|uri| uri.query().is_none());
    let host = uri.as_ref().filter(|uri| matches!(uri.scheme_str(), Some("http" | "https"))).and_then(|uri| {
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        uri.host().filter(|host| plain && !host.is_empty())
    });
    let wrong = || wrong_dsn("has an 'endpoint=' that is not http://host:port or https://host:port");
    host.map(str::to_owned).ok_or_else(wrong)
}

/// Whether names below this host cannot be looked up, so that a bucket cannot stand in front of it.
pub fn is_local(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

impl FromStr for Credentials {
    type Err = Error;

    fn from_str(text: &str) -> Result<Credentials, Error> {
        match (text, text.rsplit_once(':')) {
            ("iam:", _) => Ok(Credentials::Chain),
            ("" | "env:", _) => Ok(Credentials::Environment),
            (profile, None) => Ok(Credentials::Profile(profile.to_owned())),
            (_, Some((file, profile))) if !file.is_empty() && !profile.is_empty() => {
                Ok(Credentials::File(file.into(), profile.to_owned()))
            }
            _ => Err(wrong_dsn("has 'credentials=' of no known form")),
        }
    }
}

// What a write sends besides the object.

/// What every write asks of the bucket; nothing unless it is named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PutSettings {
    pub acl: Option<ObjectCannedAcl>,
    pub storage_class: Option<StorageClass>,
    pub encryption: Option<ServerSideEncryption>,
}

impl FromStr for PutSettings {
    type Err = Error;

    fn from_str(text: &str) -> Result<PutSettings, Error> {
        let mut settings = PutSettings::default();
        for word in text.split(|c: char| c == '&' || c.is_whitespace()).filter(|word| !word.is_empty()) {
            let Some((key, value)) = word.split_once('=') else {
                return Err(wrong_option(format_args!("'{word}' has no '='")));
            };
            let twice = match key {
                "ACL" => settings
                    .acl
                    .replace(option(key, value, ObjectCannedAcl::try_parse, ObjectCannedAcl::values())?)
                    .is_some(),
                "StorageClass" => {
                    let class = option(key, value, StorageClass::try_parse, StorageClass::values())?;
                    settings.storage_class.replace(class).is_some()
                }
                "ServerSideEncryption" => {
                    let encryption =
                        option(key, value, ServerSideEncryption::try_parse, ServerSideEncryption::values())?;
                    settings.encryption.replace(encryption).is_some()
                }
                _ => return Err(wrong_option(format_args!("'{key}' is not known"))),
            };
            if twice {
                return Err(wrong_option(format_args!("'{key}' stands there twice")));
            }
        }
        Ok(settings)
    }
}

fn wrong_option(detail: impl fmt::Display) -> Error {
    Error::misconfigured(
        format!("the cache options are wrong: {detail}"),
        "accepted are ACL=, StorageClass= and ServerSideEncryption=, each once, such as ACL=public-read",
    )
}

/// The value of an option, if the SDK knows it.
fn option<T, E>(key: &str, value: &str, parse: fn(&str) -> Result<T, E>, known: &[&str]) -> Result<T, Error> {
    parse(value).map_err(|_| {
        let detail = format!("the cache options are wrong: {key}={value} is not known");
        Error::misconfigured(detail, format!("{key}= takes {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn dsn(text: &str) -> Dsn {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_dsn_is_read_in_any_order() {
        let expected = Dsn {
            bucket: "tiles".into(),
            prefix: "a/b".into(),
            region: "us-east-1".into(),
            credentials: Credentials::Chain,
            endpoint: None,
            path_style: false,
        };
        for text in [
            "bucket=tiles prefix=a/b region=us-east-1 credentials=iam:",
            "credentials=iam: region=us-east-1  prefix=/a/b/ bucket=tiles ",
            "\tcredentials='iam:' region=\"us-east-1\" prefix='//a/b' bucket=\"tiles\" path_style=false",
        ] {
            assert_eq!(dsn(text), expected, "{text}");
        }
        let spaces = dsn("bucket=tiles region=r credentials=\"/my files/c=d:it's\" prefix='a b \"c\"'");
        assert_eq!(spaces.credentials, Credentials::File("/my files/c=d".into(), "it's".into()));
        assert_eq!(spaces.prefix, "a b \"c\"");
    }

    #[test]
    fn credentials_have_four_forms() {
        for (text, expected) in [
            ("", Credentials::Environment),
            ("env:", Credentials::Environment),
            ("''", Credentials::Environment),
            ("iam:", Credentials::Chain),
            ("me", Credentials::Profile("me".into())),
            ("/a:b/c:me", Credentials::File("/a:b/c".into(), "me".into())),
        ] {
            assert_eq!(dsn(&format!("bucket=b credentials={text} region=r")).credentials, expected, "{text}");
        }
    }

    #[test]
    fn path_style_follows_the_endpoint_unless_it_is_said() {
        for (text, expected) in [
            ("", false),
            ("endpoint=https://s3.example.com", false),
            ("endpoint=http://127.0.0.1:9000", true),
            ("endpoint=http://[::1]:9000/", true),
            ("endpoint=http://LOCALHOST", true),
            ("endpoint=http://localhost.example.com", false),
            ("endpoint=http://localhost path_style=false", false),
            ("endpoint=https://s3.example.com path_style=true", true),
            ("path_style=true", true),
        ] {
            assert_eq!(dsn(&format!("bucket=b region=r credentials=iam: {text}")).path_style, expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_dsn_is_named_and_its_credentials_are_not() {
        const SECRET: &str = "SECRETwJalrXUtnFEMIK7MDENGbPxRfiCY";
        for (text, expected) in [
            ("", "missing 'bucket='"),
            ("bucket=b credentials=x", "missing 'region='"),
            ("region=r credentials=x", "missing 'bucket='"),
            ("bucket=b region=r", "missing 'credentials='"),
            ("bucket=b bucket=c region=r credentials=SECRET", "'bucket=' twice"),
            ("bucket=b credentials=SECRET region=r credentials=SECRET", "'credentials=' twice"),
            ("bucket=b region=r credentials=SECRET acl=public", "unknown key 'acl='"),
            ("bucket=b region=r credentials=x SECRET", "no '=' in its word 4"),
            ("bucket=b region=r SECRET= credentials=x", "unknown key in its word 3"),
            ("bucket=b region=r SECRET credentials=x", "no '=' in its word 3"),
            ("bucket=b region=r credentials=SECRET:", "'credentials=' of no known form"),
            ("bucket=b region=r credentials=:SECRET", "'credentials=' of no known form"),
            ("bucket=b region=r credentials='SECRET", "quote after 'credentials=' that is not closed"),
            ("bucket=b region=r credentials='a'SECRET", "no space behind the quoted value of 'credentials='"),
            ("bucket= region=r credentials=SECRET", "empty 'bucket='"),
            ("bucket=b/c region=r credentials=SECRET", "not a bucket's name"),
            ("bucket=b region= credentials=SECRET", "not a region's name"),
            ("bucket=b region=r.evil.com/ credentials=SECRET", "not a region's name"),
            ("bucket=b region=r credentials=SECRET path_style=yes", "neither true nor false"),
            ("bucket=b region=r credentials=x endpoint=", "the DSN has an 'endpoint='"),
            ("bucket=b region=r credentials=x endpoint=ftp://host", "'endpoint='"),
            ("bucket=b region=r credentials=x endpoint=host:9000", "'endpoint='"),
            ("bucket=b region=r credentials=x endpoint=http://me:SECRET@host", "'endpoint='"),
            ("bucket=b region=r credentials=x endpoint=http://host/?key=SECRET", "'endpoint='"),
            ("bucket=b=ü region=r credentials=x", "not a bucket's name"),
            ("=", "unknown key"),
            ("ü=ü", "unknown key in its word 1"),
        ] {
            let error = text.replace("SECRET", SECRET).parse::<Dsn>().expect_err(text);
            assert_eq!(error.code, Code::Misconfigured);
            assert!(error.detail.contains(expected), "{text}: {error}");
            assert!(!error.to_string().contains(SECRET), "{error}");
            assert!(error.hint.contains("bucket=") && error.hint.contains("credentials="));
        }
        let debug = format!("{:?}", dsn(&format!("bucket=b region=r credentials={SECRET}:{SECRET}")));
        assert!(!debug.contains(SECRET), "{debug}");
    }

    #[test]
    fn put_settings_are_what_the_sdk_knows() {
        let all = PutSettings {
            acl: Some(ObjectCannedAcl::PublicRead),
            storage_class: Some(StorageClass::StandardIa),
            encryption: Some(ServerSideEncryption::Aes256),
        };
        for text in [
            "ACL=public-read StorageClass=STANDARD_IA ServerSideEncryption=AES256",
            "ServerSideEncryption=AES256&StorageClass=STANDARD_IA&ACL=public-read",
        ] {
            assert_eq!(text.parse::<PutSettings>().ok(), Some(all.clone()), "{text}");
        }
        for text in ["", "  ", "&"] {
            assert_eq!(text.parse::<PutSettings>().ok(), Some(PutSettings::default()), "{text}");
        }
        for (text, expected) in [
            ("ACL=everyone", "public-read"),
            ("ACL=", "bucket-owner-full-control"),
            ("StorageClass=standard", "STANDARD_IA"),
            ("ServerSideEncryption=ROT13", "AES256"),
            ("Acl=private", "'Acl' is not known"),
            ("ACL=private ACL=private", "'ACL' stands there twice"),
            ("public-read", "'public-read' has no '='"),
        ] {
            let error = text.parse::<PutSettings>().expect_err(text);
            assert_eq!(error.code, Code::Misconfigured);
            assert!(error.to_string().contains(expected), "{text}: {error}");
        }
    }
}
