namespace Skitai.Engine.Proxy.Balancing;

/// <summary>
/// Finds the member with the least load while it is shown one after the other; random among equals, by weight. The load is
/// (requests in hand + 1/2) / weight, Webster's rule for giving out seats: shares of what is in hand come as close to the
/// weights as whole numbers can. Idle members are equals whatever their weight, or else the lighter ones would never get
/// anything where requests come one at a time.
/// </summary>
internal struct LightestMember(Random random)
{
    private Member? _idle;
    private double _idleLoad;
    private double _idleWeights;
    private Member? _busy;
    private double _busyLoad;
    private double _busyWeights;

    /// <summary>The one; null = none was shown.</summary>
    public readonly Member? Find()
    {
        if (_idle is null || _busy is null)
        {
            return _idle ?? _busy;
        }

        var idle = _idleLoad == _busyLoad
            ? random.NextDouble() * (_idleWeights + _busyWeights) < _idleWeights
            : _idleLoad < _busyLoad;
        return idle ? _idle : _busy;
    }

    /// <summary>Here is another one.</summary>
    public void Show(Member member, int inHand, double weight)
    {
        var load = (inHand + 0.5) / weight;
        if (inHand == 0)
        {
            _idleLoad = _idle is null ? load : Math.Min(load, _idleLoad);
            Toss(ref _idle, ref _idleWeights, member, weight);
        }
        else if (_busy is null || load < _busyLoad)
        {
            (_busy, _busyLoad, _busyWeights) = (member, load, weight);
        }
        else if (load == _busyLoad)
        {
            Toss(ref _busy, ref _busyWeights, member, weight);
        }
    }

    private readonly void Toss(ref Member? kept, ref double weights, Member other, double weight)
    {
        weights += weight;
        if (kept is null || random.NextDouble() * weights < weight)
        {
            kept = other;
        }
    }
}
