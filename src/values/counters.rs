//! What a server has done, in one table, for whoever wants to watch it.

/// One row of [`Counters::table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Its name: a field of [`Counters`].
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// How many there were since the server started.
    pub value: u64,
}

macro_rules! counters {
    ($($name:ident: $help:literal,)*) => {
        /// Counts since the server started. They only grow.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counters {
            $(#[doc = $help] pub $name: u64,)*
        }

        impl Counters {
            /// Every counter, in the order of the fields.
            pub fn table(&self) -> impl Iterator<Item = Counter> + use<> {
                [$(Counter { name: stringify!($name), help: $help, value: self.$name },)*].into_iter()
            }

            /// Adds what others have counted.
            pub(crate) fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

counters! {
    iamat: "IAMATs of clients",
    whatsat: "WHATSATs of clients, answered or not",
    near: "NEARs of clients",
    watch: "Watches and fences of clients",
    told: "Changes that watchers were told",
    again: "Times that a slow watcher was told all anew",
    at: "AT lines of neighbours",
    hello: "Greetings of neighbours",
    refused: "Lines that were refused",
    denied: "Lines that were refused because who said them had no right to, or had not proved who they are",
    too_far_ahead: "Reports of neighbours that were dropped, because their times are too far in the future",
    too_old: "Reports of neighbours that were dropped, because they are over, or too old to travel by flood",
    forget: "FORGETs of clients",
    gone: "GONE lines of neighbours",
    forgotten: "Tombstones that were kept: the newest of their client",
    away: "AWAY lines of neighbours",
    moved: "Clients of which it was kept that they are at home in another region",
    buried: "Reports that were not kept, because their client was forgotten since, or is at home in another region",
    expired: "Clients that were deleted, because they were not heard of for as long as the limit says",
    tombstones_dropped: "Tombstones that were dropped, because nothing that they cover can come back",
    kept: "Reports that were kept: the newest of their client",
    older: "Reports that were older than what is kept",
    duplicates: "Reports that had been handled before",
    not_kept: "Reports of unknown clients, and news of other regions, that were not kept, because as many as the limit allows are",
    comparisons: "Comparisons with neighbours that this server began",
    repaired: "Reports that came by repair and were kept",
    repairs: "Reports that were sent to neighbours that lacked them",
    forwarded: "Lines queued for neighbours",
    fetches: "Fetches of places that were started",
    fetches_shared: "WHATSATs that shared a fetch that was under way",
    fetches_known: "WHATSATs whose places were kept from an earlier fetch",
    fetches_refused: "WHATSATs that were refused their places, because too many waited",
    fetches_timed_out: "WHATSATs whose places took too long",
    closed_for_room: "Connections that were closed, because all buffers together were full",
    region_questions: "Requests for clients of other regions",
    region_timeouts: "Questions that another region did not answer in time",
    region_asked: "Questions of other regions",
    region_dropped: "Messages of other regions that were dropped, because they were invalid, late, or too many",
    region_guests_missed: "Reports of other regions' clients that watchers were not told, because too many are watched",
    arrivals_told: "Arrivals that other regions were told of",
    arrivals_heard: "Arrivals in other regions that this server heard of",
    arrivals_known: "Arrivals in other regions that this server knew already",
    homes_compared: "Comparisons of homes with another region that this server has brought to an end",
    homes_mended: "Homes that were kept, since a comparison found that another region knows them better",
    homes_told: "Clients at home here of which other regions were told again",
    links_up: "Connections to neighbours that were made",
    links_lost: "Connections to neighbours that failed, or were lost",
    turned_away: "Connections that were closed at once, because as many were open as the limit allows",
    turned_away_share: "Connections that were closed at once, because as many from one address were open as the limit allows",
}
