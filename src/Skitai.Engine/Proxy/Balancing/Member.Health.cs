using System.Net.Sockets;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>
/// Up and down. Failures in a row take it down; after a back-off one request at a time tries it, and an answer brings it back.
/// A failing health check takes it down until the check succeeds. The cluster's gate guards all changes.
/// </summary>
internal sealed partial class Member
{
    /// <summary>
    /// Health checks in a row that change what is thought of it: one lost packet takes nobody down, one lucky answer brings
    /// nobody back. The first check of all decides alone.
    /// </summary>
    internal const int ChecksInRow = 2;

    /// <summary>Requests since it came back, after which a failure is a new one.</summary>
    private const int MuchWork = 200;

    private static readonly TimeSpan CheckAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(30);

    private volatile Standing _standing;
    private volatile bool _down;
    private volatile int _epoch;
    private bool _drained;
    private long _risesSince;
    private long _upSince;
    private long _requestsAtReturn;
    private long _retryAt;
    private TimeSpan _backOff;
    private int _trial;
    private volatile int _failuresInRow;
    private volatile bool _checkFails;
    private int _checksPassed;
    private int _checksFailed;
    private bool _wasChecked;
    private long _failures;
    private long _failedAt;
    private string? _lastFailure;
    private DateTimeOffset? _lastFailureTime;
    private DateTimeOffset _downSince;

    /// <summary>Whether it may get requests.</summary>
    internal Standing Standing => _standing;

    /// <summary>Whether it is down, drained or not.</summary>
    internal bool IsDown => _down;

    /// <summary>Counts its ups and downs: a request that it got in an earlier one says nothing of the present one.</summary>
    internal int Epoch => _epoch;

    /// <summary>When a request failed with it last, if it has answered none since; 0 = it did answer, or never failed. A timestamp.</summary>
    internal long FailedAt
    {
        get
        {
            var at = Volatile.Read(ref _failedAt);
            return at > Volatile.Read(ref _lastAnswerAt) ? at : 0;
        }
    }

    /// <summary>Whether it is down and its back-off is over, so that a request should try it. False when it has a health check, which does.</summary>
    internal bool AwaitsTrial(long now) =>
        _down && Check is null && Volatile.Read(ref _trial) == 0 && now >= Volatile.Read(ref _retryAt);

    /// <summary>What is left of its back-off; zero when that is over. Only while it is down.</summary>
    internal TimeSpan BackOffLeft(long now)
    {
        var at = Volatile.Read(ref _retryAt);
        return at > now ? _cluster.Time.GetElapsedTime(now, at) : TimeSpan.Zero;
    }

    /// <summary>Takes its one trial, if it is to be had.</summary>
    internal bool TryBeginTrial(long now)
    {
        if (Interlocked.CompareExchange(ref _trial, 1, 0) != 0)
        {
            return false;
        }

        if (_down && Check is null && now >= Volatile.Read(ref _retryAt))
        {
            return true;
        }

        Volatile.Write(ref _trial, 0); // another one was quicker, and is over already
        return false;
    }

    /// <summary>The request that took the trial did not get the member.</summary>
    internal void AbandonTrial() => Volatile.Write(ref _trial, 0);

    /// <summary>Another request may try it.</summary>
    internal void EndTrial(ref Attempt attempt)
    {
        if (attempt.HoldsTrial)
        {
            attempt.HoldsTrial = false;
            Volatile.Write(ref _trial, 0);
        }
    }

    /// <summary>It answered a request as it should.</summary>
    internal void Proved(ref Attempt attempt, long now)
    {
        if (_down)
        {
            lock (_cluster.Gate)
            {
                if (_down && !_checkFails && (attempt.Trial || attempt.Epoch == _epoch))
                {
                    Return(now, "it answers requests");
                }
            }
        }

        EndTrial(ref attempt);
    }

    /// <summary>A request was answered to its end, or as far as the client wanted it.</summary>
    internal void Succeeded()
    {
        if (_failuresInRow != 0 && !_down)
        {
            lock (_cluster.Gate)
            {
                _failuresInRow = 0;
            }
        }
    }

    /// <summary>A request failed with it.</summary>
    internal void Failed(ref Attempt attempt, MemberException failure, long now)
    {
        // One slow URL is not a slow member, an idle connection may be closed at any time, and our own lack of descriptors is
        // nobody's fault there.
        var sentAt = attempt.SentAt == 0 ? attempt.TakenAt : attempt.SentAt;
        var excused = failure.Fault == MemberFault.AnswerTimeout && !attempt.Trial && Volatile.Read(ref _lastAnswerAt) > sentAt;
        excused |= failure.WasIdle;
        excused |= failure.InnerException is SocketException
        {
            SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable,
        };
        Failed(ref attempt, failure.Message, now, excused);
    }

    /// <summary>A request failed with it.</summary>
    internal void Failed(ref Attempt attempt, string cause, long now, bool excused = false)
    {
        lock (_cluster.Gate)
        {
            _failures++;
            Note(cause);
            if (!excused)
            {
                Volatile.Write(ref _failedAt, now);
                if (_down)
                {
                    if (attempt.HoldsTrial)
                    {
                        BackOff(now, _backOff * 2);
                    }
                }
                else if ((attempt.Epoch == _epoch || attempt.Answered) && ++_failuresInRow >= _cluster.Settings.MaxFails)
                {
                    GoDown(now);
                    ClusterLog.Down(_cluster.Logger, _cluster.Name, Label, Seconds(_backOff), cause);
                }
            }
        }

        EndTrial(ref attempt);
    }

    /// <summary>Its health check was answered well.</summary>
    /// <returns>When to ask again at the latest.</returns>
    internal TimeSpan CheckPassed(long now)
    {
        NoteAnswer(now, wasSent: false);
        lock (_cluster.Gate)
        {
            _wasChecked = true;
            _checksFailed = 0;
            _checksPassed++;
            if (_down && (_checksPassed >= ChecksInRow || (!_checkFails && now >= Volatile.Read(ref _retryAt))))
            {
                _checkFails = false;
                Return(now, "its health check succeeds");
            }

            return _down ? CheckAgain : TimeSpan.MaxValue;
        }
    }

    /// <summary>Its health check failed.</summary>
    /// <returns>When to ask again at the latest.</returns>
    internal TimeSpan CheckFailed(string cause, long now)
    {
        lock (_cluster.Gate)
        {
            _checksPassed = 0;
            _checksFailed++;
            Note("health check: " + cause);
            if (_down)
            {
                BackOff(now, _backOff * 2);
            }

            if (_checksFailed >= ChecksInRow || !_wasChecked)
            {
                _checkFails = true;
                if (!_down)
                {
                    GoDown(now);
                    ClusterLog.DownByCheck(_cluster.Logger, _cluster.Name, Label, cause);
                }
            }

            _wasChecked = true;
            return _down ? _backOff : CheckAgain;
        }
    }

    /// <summary>Nobody checks it any more: requests find out.</summary>
    internal void ForgetChecks(long now)
    {
        lock (_cluster.Gate)
        {
            (_checksPassed, _checksFailed, _wasChecked) = (0, 0, false);
            if (_checkFails)
            {
                _checkFails = false;
                Volatile.Write(ref _retryAt, now);
            }
        }
    }

    private void GoDown(long now)
    {
        // A member that fails again as soon as it is back goes on where it was: that is no new trouble. One that did a good
        // deal of work in between is not broken: something that it was asked breaks it now and then.
        var again = _backOff > TimeSpan.Zero && _cluster.Time.GetElapsedTime(_upSince, now) < _backOff && Requests - _requestsAtReturn < MuchWork;
        _down = true;
        _downSince = _cluster.Time.GetUtcNow();
        _checksPassed = 0;
        _epoch++;
        BackOff(now, again ? _backOff * 2 : _cluster.Settings.FailTimeout);
        Stand();
        Check?.Hurry(_backOff);
        _cluster.MemberWentDown(this);
    }

    private void BackOff(long now, TimeSpan wait)
    {
        var first = _cluster.Settings.FailTimeout;
        var longest = first > LongestBackOff ? first : LongestBackOff;
        _backOff = wait < longest ? wait : longest;
        Volatile.Write(ref _retryAt, now + (long)(_backOff.TotalSeconds * _cluster.Time.TimestampFrequency));
    }

    private void Return(long now, string cause)
    {
        _down = false;
        _failuresInRow = 0;
        _checksFailed = 0;
        _upSince = now;
        _requestsAtReturn = Requests;
        _epoch++;
        Rise(now);
        Stand();
        ClusterLog.Back(_cluster.Logger, _cluster.Name, Label, cause);
        _cluster.TellRoom();
    }

    private void Rise(long now) => Volatile.Write(ref _risesSince, _cluster.Settings.SlowStart > TimeSpan.Zero ? now : 0);

    private void Stand() =>
        _standing = _leaving || _drained ? Standing.Out
            : _down ? Standing.Down
            : Volatile.Read(ref _risesSince) != 0 ? Standing.Rising : Standing.Up;

    private void Note(string cause) => (_lastFailure, _lastFailureTime) = (cause, _cluster.Time.GetUtcNow());

    private static string Seconds(TimeSpan time) => string.Create(null, $"{time.TotalSeconds:0.###} s");
}
