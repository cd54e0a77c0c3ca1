//! What the herd does over TCP, as cases that any of its servers' programs can be put to.
//!
//! A program's own tests are one line: [`suite!`] makes a `#[test]` of each case.

pub mod client;
pub mod graphs;
pub mod herd;
pub mod patience;
pub mod places_server;
pub mod plain;
pub mod ports;
pub mod process;
pub mod suites;

pub use process::Binaries;

/// Makes a test of each case, for one program.
#[macro_export]
macro_rules! suite {
    ($binary:expr) => {
        $crate::cases! { [$binary]
            requests {
                an_iamat_is_answered_with_its_skew fields_are_copied_verbatim any_white_space_separates
                blank_lines_are_passed_over the_last_line_needs_no_end one_byte_at_a_time requests_are_pipelined
                any_bytes_are_an_id the_newest_position_is_kept
            }
            refusals {
                invalid_positions invalid_times invalid_radii_and_bounds other_lines what_is_owed_comes_first
                an_at_line_of_a_stranger an_at_line_of_a_neighbour a_line_that_is_too_long max_line_is_the_last_length
            }
            whatsat {
                real_places_around_westwood every_bound every_kind_of_radius two_newlines_end_a_reply
                at_the_edges_of_the_map the_same_at_every_server
            }
            connections {
                it_stays_open a_client_that_never_reads a_client_that_vanishes the_replies_of_a_client_that_vanishes an_end_comes_at_once one_shot idle_timeout
                a_busy_connection_is_not_idle many_at_once
            }
            sources {
                every_source_has_the_same_places one_fetch_for_many who_goes_away_costs_nothing
                a_file_is_read_again a_bad_file_is_wrong_use
            }
            places {
                it_is_asked_as_google_is it_is_cut_to_the_bound it_answers_in_chunks it_answers_with_errors
                it_does_not_speak_http it_is_too_slow replies_wait_behind_a_slow_one a_client_that_half_closes_waits
                a_reply_is_one_write
            }
            command_line {
                wrong_config_files wrong_use a_port_that_is_taken help check up a_name_alone precedence listen
                workers
            }
            logs { at_info at_debug a_level_for_a_target what_clients_say_is_escaped to_a_file }
        }
        $crate::herd_suite!([$binary]);
    };
}

/// Makes a test of each case that is about several servers, which take the programs in turn.
#[macro_export]
macro_rules! herd_suite {
    ($binaries:tt) => {
        $crate::cases! { $binaries
            flooding {
                on_a_cycle on_the_goloman_graph on_a_complete_graph on_a_line on_a_tree what_a_neighbour_gets
                old_updates_are_passed_on one_server_down
            }
            links {
                a_plain_neighbour_both_ways a_burst_for_a_plain_neighbour a_neighbour_that_says_nothing
                a_neighbour_that_is_down a_killed_server_comes_back two_killed_servers_come_back
                what_was_missed_arrives a_server_that_starts_late links_that_are_closed_at_once links_that_rest
            }
            repair { an_empty_server_gets_all two_parts_that_meet_again a_neighbour_that_refuses_to_compare }
        }
    };
}

/// Makes a test of each of these cases.
#[doc(hidden)]
#[macro_export]
macro_rules! cases {
    ($binaries:tt $($module:ident $cases:tt)*) => {
        $($crate::module! { $binaries $module $cases })*
    };
}

/// Makes a module of tests, one for each of these cases.
#[doc(hidden)]
#[macro_export]
macro_rules! module {
    ($binaries:tt $module:ident { $($case:ident)* }) => {
        mod $module {
            $(#[test]
            fn $case() {
                $crate::suites::$module::$case(&$crate::Binaries::new($binaries.as_ref()));
            })*
        }
    };
}
