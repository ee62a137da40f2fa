//! The registry of problem codes: every `code` that a problem document or one of its `errors` can
//! have.
//!
//! `docs/problems.md` and the API document are made from it.

use std::fmt;

use serde::{Serialize, Serializer};

/// Defines the codes: status, slug, title, remedy and additional members of each.
macro_rules! problem_codes {
    ($($status:literal $name:ident $slug:literal, $title:literal, $remedy:literal
        $(, { $($member:ident: $kind:ident $($optional:literal)?, $about:literal;)* })?;)*) => {
        /// Identifies a kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ProblemCode {
            $(#[doc = concat!(stringify!($status), " `", $slug, "`: ", $title, ".")] $name,)*
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the code as problem documents have it: lower-case words joined by underscores.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug),* }
            }

            /// Returns the HTTP status of a problem with this code.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status),* }
            }

            /// Returns the title of every problem with this code.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }

            /// Returns what a client should do about it, in Markdown.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy),* }
            }

            /// Returns the members of its problem documents that not every problem document has.
            pub fn members(self) -> &'static [Member] {
                match self {
                    $(Self::$name => const { &[$($(Member {
                        name: stringify!($member),
                        kind: MemberKind::$kind,
                        is_always: true $(&& $optional)?,
                        description: $about,
                    }),*)?] },)*
                }
            }
        }
    };
}

/// An additional member of a problem document.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Name.
    pub name: &'static str,
    /// What its value is.
    pub kind: MemberKind,
    /// Whether every problem document with the code has it.
    pub is_always: bool,
    /// What it says.
    pub description: &'static str,
}

/// What the value of an additional member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKind {
    /// A whole number.
    Integer,
    /// A text.
    Text,
    /// Texts.
    Texts,
    /// An amount of money.
    Money,
    /// Shipping methods, each with `id`, `name` and `price`.
    ShippingMethods,
    /// Order lines that can't be ordered, each with `sku`, `requested` and `available`.
    Lines,
    /// The state of an order.
    OrderStatus,
    /// States of an order.
    OrderStatuses,
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

impl Serialize for ProblemCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.slug())
    }
}

#[rustfmt::skip]
problem_codes! {
    // The request can't be read
    400 InvalidHeader "invalid_header", "Unreadable header",
        "Send header fields of visible ASCII characters, each on one line.";
    400 InvalidHost "invalid_host", "Unreadable Host header",
        "Send a Host header with a name or an IP address, and a port if it is not the default.";
    400 InvalidRequestLine "invalid_request_line", "Unreadable request line",
        "Percent-encode everything in the query that is not visible ASCII.";
    400 InvalidBase64 "invalid_base64", "Unreadable body",
        "The gateway marked the body as base64, and it can't be decoded. Send the request again; if it keeps failing, report it.";
    400 InvalidJson "invalid_json", "Body is not JSON",
        "Send one JSON value in UTF-8. The detail says where the text stops being JSON.";
    400 NotUtf8 "not_utf8", "Body is not UTF-8",
        "Save the file as UTF-8, which spreadsheets call \"CSV UTF-8\", and send it again.";
    400 DuplicateMember "duplicate_member", "Member named twice",
        "Name each member of an object once.";
    400 InvalidCursor "invalid_cursor", "Cursor of another list",
        "Use the `next_cursor` of a page of the same list with the same filters, or begin again without `cursor`.";
    400 InvalidIfMatch "invalid_if_match", "Unreadable If-Match",
        "Send one or several ETags in double quotes, separated by commas, or `*`.";
    400 InvalidIdempotencyKey "invalid_idempotency_key", "Invalid Idempotency-Key",
        "Send 1 to 255 visible ASCII characters, such as a UUID.";
    400 CartTokenRequired "cart_token_required", "Idempotency-Key of nobody",
        "Send the cart's `Cart-Token` with it, or an access token: two guests may choose the same key.";
    // Authentication and access
    401 Unauthenticated "unauthenticated", "Access token missing or not valid",
        "Send `Authorization: Bearer` with the access token of a login. If it has expired, exchange the refresh token for a new one, or log in.";
    401 InvalidCredentials "invalid_credentials", "Wrong credentials",
        "Check e-mail address and password. The response is the same for an unknown e-mail address, a wrong password and a disabled account.";
    403 Forbidden "forbidden", "Admins only",
        "Use the access token of an admin.";
    // URL and method
    404 NotFound "not_found", "Not found",
        "Check the URL. A resource of another customer looks the same as one that does not exist.";
    405 MethodNotAllowed "method_not_allowed", "Method not allowed",
        "Use one of the methods in the header `Allow`.";
    // The state of a resource
    409 OutOfStock "out_of_stock", "Out of stock",
        "Ask for at most the `available` units. An order lists every line that asks for too many.", {
            sku: Text false, "The SKU, if a single one was asked for.";
            requested: Integer false, "The units that were asked for.";
            available: Integer false, "The units that are left.";
            lines: Lines false, "Every order line that asks for more units than are left.";
        };
    409 Unavailable "unavailable", "No longer on sale",
        "Remove the variant from the cart or the order.", {
            sku: Text false, "The SKU, if a single one was asked for.";
            lines: Lines false, "Every order line whose variant is no longer on sale.";
        };
    409 StockNotTracked "stock_not_tracked", "Stock not tracked",
        "Set `track_stock` of the variant to true with `update_product` first: any number of units can be bought as it is.", {
            sku: Text, "The SKU.";
        };
    409 PriceChanged "price_changed", "Price changed",
        "Show the customer the `actual` total, and send it as `expected_total` if they accept it.", {
            expected: Money, "The total that the request expected.";
            actual: Money, "The total that the order would have.";
        };
    409 CartEmpty "cart_empty", "Cart is empty",
        "Add something to the cart first, or send `items`.";
    409 TooManyUnpaidOrders "too_many_unpaid_orders", "Too many unpaid orders",
        "Pay for or cancel an unpaid order first.", {
            limit: Integer, "The most unpaid orders of one customer.";
        };
    409 AlreadyReviewed "already_reviewed", "Already reviewed",
        "Change the review `review_id` with `update_review`, or delete it first.", {
            review_id: Text, "The customer's review of this product.";
        };
    409 SkuTaken "sku_taken", "SKU taken",
        "Choose another SKU; another product has this one.", {
            sku: Text, "The SKU.";
        };
    409 SlugTaken "slug_taken", "Slug taken",
        "Choose another `slug`; another category has this one. A slug that is made from a name leaves out signs: `C`, `C++` and `C#` all become `c`.", {
            slug: Text, "The slug.";
        };
    409 CategoryNotEmpty "category_not_empty", "Category not empty",
        "Move or delete the category's products, drafts and archived ones included, and its subcategories first.", {
            products: Integer, "The products of the category itself, whatever their status.";
            children: Integer, "Its direct subcategories.";
        };
    409 CategoryCycle "category_cycle", "Category inside itself",
        "Choose a parent that is neither the category itself nor one of its subcategories.";
    409 TooManyCategories "too_many_categories", "Too many categories",
        "Delete a category first, or use tags.", {
            limit: Integer, "The most categories of a shop.";
        };
    409 OpenOrders "open_orders", "Open orders",
        "Wait until the account's orders are delivered, or cancel them. An order that was placed a moment ago counts too.";
    409 LastAdmin "last_admin", "Last admin",
        "Make another user an admin first.";
    409 UseOwnDeletion "use_own_deletion", "Own account",
        "Delete your own account with `delete_me`, which asks for your password.";
    409 IllegalTransition "illegal_transition", "Change of state not allowed",
        "Change the order to one of the `allowed` states.", {
            from: OrderStatus, "The state of the order.";
            to: OrderStatus, "The state that was asked for.";
            allowed: OrderStatuses, "The states that the order can be changed to by this caller.";
        };
    409 RefundFirst "refund_first", "Refund first",
        "Refund the recorded payment before you cancel the order.";
    409 RotationUnderWay "rotation_under_way", "Rotation under way",
        "Wait for the running key rotation to end, then rotate again.";
    // The version of a resource
    412 VersionMismatch "version_mismatch", "Changed in the meantime",
        "Read the resource again, repeat the change on what it is now, and send the new ETag in `If-Match`.";
    // The body as a whole
    413 BodyTooLarge "body_too_large", "Body too large",
        "Send a body of at most `limit` bytes.", {
            limit: Integer, "The most bytes of a body.";
        };
    415 UnsupportedMediaType "unsupported_media_type", "Unsupported media type",
        "Send the body with one of the content types in the detail, in UTF-8 and without `Content-Encoding`.";
    // A field of the body, a query parameter or a header
    422 InvalidInput "invalid_input", "Several fields are not valid",
        "Correct every field in `errors`.", {
            shipping_methods: ShippingMethods false, "The shipping methods for the order and its country, if one of `errors` is about the method.";
        };
    422 Required "required", "Required member missing",
        "Add the member.";
    422 UnknownField "unknown_field", "Unknown member",
        "Remove the member, or correct its name; the detail lists the known ones.";
    422 UnknownValue "unknown_value", "Unknown value",
        "Use one of the values in the detail.";
    422 WrongType "wrong_type", "Wrong JSON type",
        "Send the JSON type in the detail.";
    422 WrongLength "wrong_length", "Wrong number of elements",
        "Send as many elements as the detail allows.";
    422 TooShort "too_short", "Text too short",
        "Send a text of the length in the detail. Spaces and other invisible characters around a text do not count.";
    422 TooLong "too_long", "Text too long",
        "Send a text of at most the length in the detail.";
    422 TooFew "too_few", "Too few elements",
        "Send as many elements as the detail says.";
    422 TooMany "too_many", "Too many elements",
        "Send at most as many elements as the detail allows.";
    422 TooLarge "too_large", "Too large",
        "Send a value of at most the size in the detail.";
    422 Negative "negative", "Negative amount",
        "Send an amount of 0 or more.";
    422 NotMinorUnits "not_minor_units", "Not minor units",
        "Send a whole number of minor units, such as cents: 1999 for $19.99.";
    422 ControlCharacter "control_character", "Control character",
        "Remove control characters; the detail says whether line breaks are allowed.";
    422 BidiControl "bidi_control", "Text direction control",
        "Remove the characters U+202A to U+202E and U+2066 to U+2069, which change the direction of the text around them.";
    422 HiddenCharacter "hidden_character", "Hidden character",
        "Remove invisible characters; they often come with pasted text.";
    422 NoDigit "no_digit", "No digit",
        "Send a phone number with at least one digit.";
    422 Duplicate "duplicate", "Duplicate",
        "Name each of them once; the detail says what is equal.";
    422 OutOfRange "out_of_range", "Out of range",
        "Send a number within the bounds in the detail.";
    422 QuantityOutOfRange "quantity_out_of_range", "Quantity out of range",
        "Send a quantity within the bounds in the detail. A line has at most 999 units.";
    422 StockOutOfRange "stock_out_of_range", "Stock out of range",
        "Send 0 to 1,000,000,000 units.";
    422 WeightOutOfRange "weight_out_of_range", "Weight out of range",
        "Send 0 to 1,000,000,000 grams.";
    422 InvalidQuote "invalid_quote", "Quote not closed",
        "Put the cell in quotes, and double each quote in it.";
    422 NotAMultiple "not_a_multiple", "Amount that can't be paid",
        "Send a multiple of the step that the detail names: payments in this currency have no smaller unit.";
    422 CompareAtPriceTooLow "compare_at_price_too_low", "Price to compare with is too low",
        "Send a `compare_at_price` above the price, or leave it out.";
    422 OptionsTooLong "options_too_long", "Options too long",
        "Shorten the names or values of the variant's options: together they have at most 1,024 bytes of UTF-8.";
    422 ProductTooLarge "product_too_large", "Product too large",
        "Shorten the description, or use fewer images, tags or variants: the product as it is shown has at most 120 KiB.";
    422 LimitOutOfRange "limit_out_of_range", "Page size out of range",
        "Send a whole number from 1 to 100.";
    422 PageOutOfRange "page_out_of_range", "Page number out of range",
        "Send a whole number from 1 to 1000.";
    422 PageTooDeep "page_too_deep", "Page too deep",
        "Use `cursor` for what follows the first 1,000 items.";
    422 PageTooLarge "page_too_large", "Page too large",
        "Use a smaller `per_page`, or use `cursor`.";
    422 MixedPaging "mixed_paging", "Cursor and page number",
        "Use either `cursor`, or `page` and `per_page`.";
    422 InvalidId "invalid_id", "Invalid identifier",
        "Send an identifier as the shop wrote it: a prefix such as `prd_` and a UUID in lower case.";
    422 InvalidOrderNumber "invalid_order_number", "Invalid order number",
        "Send the twelve letters and digits of an order's `number`, such as `K7QM-2F9R-4TXD`.";
    422 InvalidSku "invalid_sku", "Invalid SKU",
        "Send 1 to 64 letters, digits, dots, underscores or hyphens, and not just `.` or `..`.";
    422 InvalidSlug "invalid_slug", "Invalid slug",
        "Send 1 to 80 lower-case ASCII letters and digits, in words joined by single hyphens, such as `outdoor-gear`. Without a `slug`, one is made from the name; a name of signs only needs one.";
    422 InvalidTime "invalid_time", "Invalid time",
        "Send a time such as `2026-11-20T13:55:00Z` or a date such as `2026-11-20`.";
    422 UnknownCategory "unknown_category", "Unknown category",
        "Send the slug of a category that exists, from `list_categories`, or create the category first.";
    422 InvalidEmail "invalid_email", "Invalid e-mail address",
        "Send an e-mail address, such as `ada@example.com`.";
    422 InvalidUrl "invalid_url", "Invalid URL",
        "Send an absolute `http` or `https` URL of at most 2,048 characters, percent-encoded.";
    422 InvalidCountry "invalid_country", "Invalid country",
        "Send an assigned ISO 3166-1 alpha-2 code, such as `DE`, or `XK` for Kosovo.";
    422 UnknownCurrency "unknown_currency", "Unknown currency",
        "Send an ISO 4217 code in capitals, such as `USD`.";
    422 WrongCurrency "wrong_currency", "Another currency than the shop's",
        "Send amounts in the shop's currency, which the detail names.";
    422 InvalidToken "invalid_token", "Token not accepted",
        "Ask for a new mail; the token is unknown, used or expired.";
    422 PasswordTooShort "password_too_short", "Password too short",
        "Choose a password of at least 8 characters.";
    422 PasswordTooLong "password_too_long", "Password too long",
        "Choose a password of at most 128 characters.";
    422 PasswordTooCommon "password_too_common", "Password too common",
        "Choose a password that is not one of the most common ones; several words are a good choice.";
    422 PasswordIsEmail "password_is_email", "Password is the e-mail address",
        "Choose a password other than your e-mail address or the part before its `@`.";
    422 PasswordIsName "password_is_name", "Password is the name",
        "Choose a password other than your name or a part of it.";
    422 SamePassword "same_password", "Same password",
        "Choose a password other than the current one.";
    422 NothingToChange "nothing_to_change", "Nothing to change",
        "Say what should change.";
    422 SkuOrProductId "sku_or_product_id", "Not exactly one of sku and product_id",
        "Name the variant by `sku`, or the product by `product_id` if it has a single variant.";
    422 VariantRequired "variant_required", "Variant required",
        "Name one of the product's variants by its `sku`.";
    422 CartFull "cart_full", "Cart is full",
        "Remove a line first; a cart has at most 40.";
    422 ItemsAreNoCart "items_are_no_cart", "If-Match with items",
        "Send `If-Match` only for an order of the cart; `items` do not use the cart.";
    422 IdempotencyKeyReused "idempotency_key_reused", "Idempotency-Key reused",
        "Use a new key for another request. A key belongs to the first request that it was sent with.";
    422 PaymentMethodNotEnabled "payment_method_not_enabled", "Payment method not enabled",
        "Use one of the methods in `enabled`. A guest may have more of them after logging in.", {
            enabled: Texts false, "The payment methods that the buyer may use.";
        };
    422 InvalidPercent "invalid_percent", "Invalid rate",
        "Send a text with a number from 0 to 100 and at most four decimals, such as `8.875`.";
    422 InvalidRegion "invalid_region", "Invalid region",
        "Send the part of an ISO 3166-2 code after the hyphen, such as `NY` of `US-NY`.";
    422 SettingsTooLarge "settings_too_large", "Settings too large",
        "Shorten texts, or use fewer shipping methods or taxes: together the settings have at most 16 KiB as compact JSON.";
    422 ShippingAddressRequired "shipping_address_required", "Shipping address required",
        "Send a `shipping_address`, or store one in the account: this shop's shipping and taxes depend on it.";
    422 ShippingMethodRequired "shipping_method_required", "Shipping method required",
        "Send the `id` of one of the `shipping_methods` as `shipping_method`. Without any, nothing is shipped to that country.", {
            shipping_methods: ShippingMethods false, "The shipping methods for the order and its country.";
        };
    422 UnknownShippingMethod "unknown_shipping_method", "Unknown shipping method",
        "Send the `id` of one of the `shipping_methods`; without any, nothing is shipped to that country, or the shop ships nothing.", {
            shipping_methods: ShippingMethods false, "The shipping methods for the order and its country.";
        };
    422 RegionCodeRequired "region_code_required", "Code of a region required",
        "Send the region as the part of its ISO 3166-2 code after the hyphen, such as `NY` of `US-NY`: the country's taxes differ by region.";
    422 Unexpected "unexpected", "Unexpected member",
        "Leave the member out; the detail says when it is allowed.";
    422 UseInventory "use_inventory", "Stock of an existing SKU",
        "Leave `stock` out: the stock of a SKU that exists is changed through `/inventory/{sku}`.";
    422 StockOfVariants "stock_of_variants", "Stock beside variants",
        "Give each variant its `stock` instead of the product.";
    422 TooManyChanges "too_many_changes", "Too many changes",
        "Change fewer variants in one request; the detail says how many.";
    428 VersionRequired "version_required", "If-Match required",
        "Send `If-Match` with the ETag of the version that you want to change.";
    // Rate limits
    429 RateLimited "rate_limited", "Too many requests",
        "Try again after the seconds in `Retry-After`.", {
            limit: Text, "The name of the rate limit.";
        };
    // Failures of the shop
    500 Internal "internal", "Internal error",
        "Report it with the `request_id`, under which the shop's log has the details.";
    503 ServiceUnavailable "service_unavailable", "Shop temporarily unavailable",
        "Try again after the seconds in `Retry-After`. A request with an `Idempotency-Key` is not carried out twice.";
    503 OutcomeUnknown "outcome_unknown", "Outcome unknown",
        "Send the same request again with the same `Idempotency-Key`, which is not carried out twice; without a key, check first whether the change was made.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_unique_words_joined_by_underscores() {
        let mut slugs: Vec<_> = ProblemCode::ALL.iter().map(|code| code.slug()).collect();
        slugs.sort_unstable();
        assert!(slugs.windows(2).all(|pair| pair[0] != pair[1]), "{slugs:?}");
        let is_word = |slug: &&str| {
            slug.bytes().all(|b| b.is_ascii_lowercase() || b"_0123456789".contains(&b))
        };
        assert!(slugs.iter().all(is_word), "{slugs:?}");
    }

    #[test]
    fn titles_and_remedies_are_sentences() {
        for code in ProblemCode::ALL {
            assert!((400..600).contains(&code.status()), "{code}");
            assert!(!code.title().is_empty() && !code.title().ends_with('.'), "{code}");
            assert!(code.remedy().ends_with('.'), "{code}: {}", code.remedy());
        }
    }
}
