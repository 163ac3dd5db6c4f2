/**
 * Any fixed number: it names the lock under which files of media leave storage. Whoever removes files holds it shared in the transaction of
 * its rows (`pg_try_advisory_xact_lock_shared`, and comes back later when it is not to be had); a backup holds it alone from before its
 * snapshot until its last file is copied, so that every file its rows name is still there. Two backups exclude each other by it too.
 */
export const SWEEP_LOCK = 5_106_331_870;
