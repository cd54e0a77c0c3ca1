//! What a device's client is called.

/// A client's ID of what a device calls itself, `None` where that is nothing. An ID is one field of a line: white space and
/// control bytes are percent-encoded.
pub(crate) fn client_id(name: &[u8]) -> Option<Vec<u8>> {
    if name.is_empty() {
        return None;
    }
    let mut id = Vec::with_capacity(name.len());
    for &byte in name {
        match byte {
            b' ' => id.extend_from_slice(b"%20"),
            _ if byte.is_ascii_control() => id.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            _ => id.push(byte),
        }
    }
    Some(id)
}

/// The ID of a device of somebody's: `user/device`.
pub(crate) fn device_of(user: &[u8], device: &[u8]) -> Option<Vec<u8>> {
    if user.is_empty() || device.is_empty() {
        return None;
    }
    client_id(&[user, b"/", device].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_field_and_the_rest_stays() {
        for (name, id) in [
            (&b"902064"[..], &b"902064"[..]),
            (b"my phone", b"my%20phone"),
            (b"a\tb\n\x0b\x0c\r\x00\x7f", b"a%09b%0A%0B%0C%0D%00%7F"),
            ("Zürich%2F<b>".as_bytes(), "Zürich%2F<b>".as_bytes()),
            (b"\xff", b"\xff"),
        ] {
            let made = client_id(name).expect("a name");
            assert_eq!(made, id);
            assert!(herd::Sighting::new(&made, b"+0+0", b"0").is_ok());
        }
        assert_eq!(client_id(b""), None);
        assert_eq!(device_of(b"jane", b"phone"), Some(b"jane/phone".to_vec()));
        assert_eq!((device_of(b"", b"phone"), device_of(b"jane", b"")), (None, None));
    }
}
