//! The list of all scenarios.

/// Hands the scenarios, by topic, to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __backend_scenarios {
    ({$($then:tt)*} $($with:tt)*) => {
        $($then)*! { $($with)*
            album {
                a_photo_that_fails_is_retried_by_hand
                two_workers_share_an_album
                workers_are_replaced_one_by_one_while_it_is_under_way
                it_is_withdrawn_half_way_with_its_cover_under_way
                a_task_of_the_cover_withdraws_it
                it_begins_at_night_in_the_night_queue
                photos_are_retried_until_the_disk_has_room
                it_survives_the_worker_that_published_it
            }
            crowd {
                a_backlog_is_worked_off_in_the_order_of_its_priorities
                processes_of_all_kinds_end_as_they_must
                a_wide_process_fails_late_and_everything_is_accounted_for
                workers_come_and_go_while_much_is_done
                many_wait_for_one_process
            }
            operator {
                a_bad_deploy_is_stopped_repaired_and_all_failed_ones_go_on
                a_process_is_paused_looked_at_resumed_and_deleted
                a_backlog_is_cancelled_before_anything_of_it_runs
            }
            sizes {
                blocks_are_nested_10_000_deep
                on_completed_waits_for_100_000_at_once
                a_process_of_100_000_jobs_in_lines_comes_to_its_end
                of_10_000_that_are_due_at_once_each_runs_once
                a_backlog_of_100_000_in_another_queue_slows_nobody
            }
            random {
                random_graphs_do_what_the_model_foresees
            }
            model {
                random_operations_come_to_what_they_come_to_in_process
            }
        }
    };
}
