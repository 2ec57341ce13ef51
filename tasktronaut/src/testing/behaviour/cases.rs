//! The list of all cases, from which everything else is made.

/// Hands the cases, by topic and by what they need of the backend, to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __backend_cases {
    ({$($then:tt)*} $($with:tt)*) => {
        $($then)*! { $($with)*
            order any {
                r6_a_sequential_block_runs_step_by_step
                r6_a_concurrent_block_runs_at_the_same_time_and_is_waited_for
                r6_the_outermost_steps_follow_the_execution_mode
                r5_each_join_fires_once
                r5_an_empty_block_passes_through_in_its_place
                r5_a_process_without_tasks_completes
                r6_blocks_nest_freely
            }
            failure any {
                r12_a_failure_skips_what_is_queued
                r4_what_another_attempt_says_in_the_end_is_lost
                r12_what_was_claimed_together_with_a_failure_is_not_begun
                r12_running_jobs_are_told_and_may_finish_and_unlock_nothing
                r12_the_first_failure_is_the_one_that_is_told
                r12_a_retry_that_waits_is_skipped_when_something_else_fails
                r11_a_non_retryable_error_is_never_repeated
                r12_finish_siblings_lets_go_on_what_does_not_depend_on_the_failure
                r12_finish_siblings_tells_each_scope_what_happened_in_it
                r12_finish_siblings_tells_the_first_of_several_failures
                r12_finish_siblings_can_still_be_cancelled
            }
            hooks any {
                r14_each_scope_has_its_hooks_innermost_first
                r14_on_started_ends_before_any_task_and_the_end_waits_for_the_last
                r14_a_sub_process_has_its_own_hooks_at_each_place
                r14_a_failure_is_told_where_it_happened_and_around_it_innermost_first
                r14_scopes_beside_a_failure_are_told_by_how_far_they_came
                r14_a_hook_that_runs_when_its_process_stops_is_the_last_one_of_its_scope
                r14_hooks_that_wait_for_something_come_to_their_end
                r14_on_task_failed_is_told_of_every_failed_attempt
                r14_a_hook_that_fails_is_repeated_shown_and_changes_nothing
                r14_a_hook_that_fails_once_succeeds_later
                r14_on_task_failed_that_fails_changes_nothing
                r14_around_task_goes_round_each_attempt_and_shares_values
                r14_what_around_task_returns_is_what_counts
                r14_around_task_leaves_a_plain_function_to_a_thread_that_may_block
            }
            cancel any {
                r13_a_task_cancels_its_process
                r13_a_process_is_cancelled_before_it_starts
                r13_running_async_tasks_are_dropped_at_the_next_await
                r13_a_running_plain_function_sees_it_and_is_waited_for
                r13_around_task_does_not_make_a_plain_function_end_before_it_does
                r13_cancelling_twice_is_the_same_as_once
                r13_after_the_last_job_it_is_too_late
                r13_after_a_failure_it_is_too_late
                r13_who_wins_is_told
                r13_sub_processes_are_cancelled_too
                r13_what_another_program_runs_of_it_is_dropped
            }
            retry any {
                r9_nothing_is_repeated_that_nobody_asked_for
                r9_n_retries_are_n_plus_1_attempts
                r9_the_task_comes_before_the_process_and_the_process_before_the_worker
                r9_a_sub_process_asks_before_the_process_around_it
                r9_a_job_that_succeeds_later_is_a_success
                r10_pauses_double_and_are_kept_and_not_slept_over
                r10_an_error_names_its_own_pause
                r10_a_pause_holds_up_nobody_else
            }
            timeout any {
                r15_an_async_attempt_is_dropped_when_its_time_is_over
                r15_a_plain_function_is_not_waited_for_and_is_told
                r15_a_plain_function_that_fails_too_late_is_told_once
                r15_around_task_changes_nothing_about_timeouts
                r15_a_timeout_counts_against_the_retries
                r15_a_worker_gives_a_timeout_to_tasks_that_ask_for_none
                r15_the_timeout_of_a_process_is_not_that_of_an_attempt
                r15_a_process_fails_when_its_time_is_over
                r15_a_process_that_waits_for_a_retry_fails_in_time
                r15_a_process_fails_in_time_though_all_places_of_the_worker_are_taken
                r15_a_process_that_completes_in_time_is_not_touched
            }
            panics any {
                r16_a_panic_fails_the_attempt
                r16_the_worker_lives_and_the_next_attempt_may_succeed
                r16_hooks_that_panic_change_nothing
                r16_around_task_may_panic
                r16_an_error_that_panics_when_it_is_shown_fails_its_process_and_nothing_else
                r16_a_destructor_may_panic_while_an_attempt_is_dropped
            }
            identifiers any {
                r2_the_same_identifier_with_the_same_content_is_the_same_process
                r2_how_the_work_is_gone_about_is_no_content
                r2_other_content_is_a_conflict_and_changes_nothing
                r2_without_an_identifier_each_is_another_process
            }
            shutdown any {
                r18_running_jobs_may_finish_and_no_more_are_begun
                r18_after_the_grace_jobs_are_given_back_uncharged
                r18_what_was_claimed_and_not_begun_is_never_begun_by_a_worker_that_is_gone
                r18_shutting_down_while_the_process_is_cancelled_ends_it_elsewhere
                r18_a_worker_that_is_dropped_gives_its_jobs_back
                r18_what_runs_is_dropped_with_its_worker_though_the_link_is_down
            }
            events any {
                r19_wait_returns_after_the_last_hook
                r19_the_status_shows_every_job_and_counts_tasks
                r23_each_step_has_a_key_that_stays_the_same_from_attempt_to_attempt
                r19_events_tell_how_each_job_ends_and_then_end
                r19_who_comes_late_is_told_how_things_stand
                progress_is_told_to_those_who_watch
            }
            concurrency any {
                as_many_run_at_a_time_as_are_asked_for_and_no_more
                blocking_functions_run_at_the_same_time
                async_functions_run_at_the_same_time
                async_functions_hold_up_nobody_while_they_wait
                r3_two_workers_share_a_backend_and_no_job_runs_twice
                r22_a_worker_with_room_is_woken_though_another_is_full
                r22_who_sleeps_is_woken_by_another_program
                r22_what_runs_is_told_by_another_program_that_its_process_stops
            }
            resume any {
                what_has_succeeded_stays_and_what_failed_is_run_again
                a_joined_block_goes_on
                a_block_that_was_stopped_goes_on
                a_failed_job_gets_a_new_budget_of_retries
                r14_sub_processes_that_did_not_complete_are_told_again
                only_what_has_failed_and_ended_can_go_on
                what_goes_on_can_be_cancelled
                r4_an_end_that_was_counted_before_does_not_count_again
                a_retry_that_is_refused_harms_nothing
                while_it_goes_on_nobody_is_told_that_it_has_ended
            }
            admin any {
                a_paused_process_waits_until_it_goes_on
                what_runs_in_a_paused_process_goes_on_and_lets_nothing_begin
                a_paused_process_can_be_cancelled
                a_paused_queue_waits_and_others_do_not
                a_paused_queue_gives_nothing_out
                a_list_can_be_filtered
                a_list_has_pages
                what_has_ended_can_be_deleted
                a_dump_has_the_same_form_everywhere
            }
            schedule any {
                a_worker_works_on_its_queues_only
                r22_a_step_for_another_queue_is_heard_of
                r6_higher_priorities_go_first_under_a_backlog
                a_higher_priority_overtakes_a_process_under_way
                a_process_may_begin_later
                a_process_may_begin_at_a_time
                a_delayed_process_can_be_cancelled
            }
            client any {
                r1_many_are_enqueued_in_one_call_each_for_itself
                r1_the_same_process_twice_in_one_call_is_one
                r2_of_many_who_enqueue_the_same_one_creates
                what_was_never_enqueued_is_unknown
                r19_what_is_acknowledged_is_seen_by_every_client
                r13_a_process_is_cancelled_from_another_program
                running_until_idle_waits_for_retries_and_delayed_starts
                running_until_idle_does_not_wait_for_timeouts
                an_observer_is_told_of_every_claim_and_end
            }
            errors any {
                each_kind_of_error_is_kept_with_its_text
                the_reason_of_a_cancellation_is_kept
            }
            limits any {
                r21_the_limit_of_jobs_is_the_one_that_is_stated
                r21_a_stored_plan_may_have_16_mib
                r21_an_identifier_may_have_200_bytes_of_any_kind
                r5_a_thousand_jobs_meet
            }
            retention shared {
                r20_what_has_ended_long_ago_is_removed
            }
            routes any {
                r17_where_no_other_program_is_bad_arguments_fail_at_once
                r17_a_worker_may_be_told_which_definitions_it_works_on
            }
            deploys shared {
                r17_what_nobody_knows_stays_queued_and_is_reported
                r17_a_task_that_is_not_known_here_waits_for_who_knows_it
                r17_arguments_that_do_not_decode_are_put_back_uncharged
            }
            elsewhere shared {
                r15_a_process_that_is_overdue_is_seen_by_any_program
                r15_what_another_program_runs_is_dropped_when_its_time_is_over
                r18_who_sleeps_is_woken_by_a_worker_that_leaves
            }
            leases shared {
                r3_workers_of_two_programs_run_each_job_once
                r4_a_late_result_counts_while_nobody_has_claimed_again
                r4_a_late_result_is_dropped_after_another_claim
                r7_a_lease_is_kept_while_all_threads_block
                r7_a_lease_is_kept_while_async_tasks_block_the_whole_runtime
                r8_what_a_killed_worker_held_is_taken_over_uncharged
                r8_hooks_of_a_killed_worker_run_again
                r8_a_process_that_was_cancelled_meanwhile_ends_elsewhere
                r9_a_job_that_kills_its_workers_fails_as_poison
                r14_a_hook_that_kills_its_workers_is_given_up
                r7_a_worker_goes_on_after_its_link_was_down
            }
        }
    };
}
