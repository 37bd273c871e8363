namespace Skitai.Engine.Proxy.Balancing;

/// <summary>What is said of it, and what is said to it by hand.</summary>
internal sealed partial class Member
{
    /// <summary>Nothing new for it by hand, or requests again.</summary>
    /// <returns>Whether that is new.</returns>
    internal bool SetDrained(bool drained, long now)
    {
        lock (_cluster.Gate)
        {
            if (!drained)
            {
                Volatile.Write(ref _retryAt, now); // whoever says so knows better than a back-off
            }

            if (_drained == drained)
            {
                return false;
            }

            _drained = drained;
            if (!drained)
            {
                Rise(now);
            }

            Stand();
            return true;
        }
    }

    /// <summary>It joins a cluster that is at work: its share grows from little to all.</summary>
    internal void JoinSlowly(long now)
    {
        lock (_cluster.Gate)
        {
            Rise(now);
            Stand();
        }
    }

    /// <summary>How it does now.</summary>
    internal MemberStatus GetStatus(long now)
    {
        lock (_cluster.Gate)
        {
            var weight = WeightAt(now);
            var suspect = IsSuspect(now);
            var state = _leaving ? "leaving"
                : _drained ? "drained"
                : _down ? Volatile.Read(ref _trial) != 0 ? "trial" : "down"
                : suspect ? "suspect"
                : _standing == Standing.Rising ? "slow start" : "up";
            var wait = _cluster.Time.GetElapsedTime(now, Volatile.Read(ref _retryAt));
            return new MemberStatus(Label, Address.ToString(), state)
            {
                Weight = Settings.Weight,
                EffectiveWeight = weight,
                InHand = InHand,
                Requests = Requests,
                Failures = _failures,
                FailuresInRow = _failuresInRow,
                LastFailure = _lastFailure,
                LastFailureAt = _lastFailureTime,
                DownSince = _down ? _downSince : null,
                DownUntil = _down && Check is null ? _cluster.Time.GetUtcNow() + (wait > TimeSpan.Zero ? wait : TimeSpan.Zero) : null,
                HealthCheckFails = _checkFails,
                Drained = _drained,
                Suspect = suspect,
                Connections = Connections.Open,
            };
        }
    }
}
