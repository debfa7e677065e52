//! The answers that many routes have in common, for their descriptions: every status a route can give is described.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

macro_rules! refusals {
    ($($(#[$about:meta])* $name:ident { $($status:literal = $text:literal,)* })*) => { $(
        $(#[$about])*
        pub struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([$(($status.to_owned(), refusal($text))),*])
            }
        }
    )* };
}

fn refusal(text: &str) -> RefOr<Response> {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
    RefOr::T(ResponseBuilder::new().description(text).content("application/json", body).build())
}

refusals! {
    /// Of every route.
    Always {
        "400" = "A parameter after ?, or the body, is not what is expected",
        "429" = "Too many requests of this address, key or account; Retry-After says when to come back",
        "500" = "The server failed; its log knows the request id",
        "503" = "The server cannot do it now; Retry-After says when to come back",
        "507" = "The server's disk is full; Retry-After says when to come back",
    }
    /// Of routes that want a credential.
    Credential {
        "401" = "The credential is missing, wrong, expired or revoked",
        "403" = "The role or the key does not allow it",
    }
    /// Of routes that take a JSON body.
    Body {
        "408" = "The body did not come in time",
        "413" = "The body is too large",
        "415" = "The body is not JSON, or is not declared as such",
    }
    /// Of routes that name something in the path.
    Named {
        "404" = "There is no such thing, or it belongs to another org",
    }
    /// Of routes that change what others may have changed.
    Conflicting {
        "409" = "It does not fit what is there",
    }
}
