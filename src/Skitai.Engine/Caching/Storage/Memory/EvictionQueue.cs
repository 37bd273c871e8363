namespace Skitai.Engine.Caching.Storage.Memory;

/// <summary>Objects in the order in which they are considered for eviction, linked through their places. Under the tier's lock.</summary>
internal sealed class EvictionQueue
{
    private StoredObject? _last;

    /// <summary>The next to be considered; null = empty.</summary>
    public StoredObject? First { get; private set; }

    /// <summary>How many.</summary>
    public int Count { get; private set; }

    /// <summary>The sum of their charges.</summary>
    public long Bytes { get; set; }

    /// <summary>Puts one behind all others.</summary>
    public void Add(StoredObject stored)
    {
        var place = stored.Place;
        place.Queue = this;
        place.Before = _last;
        place.After = null;
        if (_last is null)
        {
            First = stored;
        }
        else
        {
            _last.Place.After = stored;
        }

        _last = stored;
        Count++;
        Bytes += place.Charge;
    }

    /// <summary>Takes one out.</summary>
    public void Remove(StoredObject stored)
    {
        var place = stored.Place;
        if (place.Before is { } before)
        {
            before.Place.After = place.After;
        }
        else
        {
            First = place.After;
        }

        if (place.After is { } after)
        {
            after.Place.Before = place.Before;
        }
        else
        {
            _last = place.Before;
        }

        place.Queue = null;
        place.Before = place.After = null;
        Count--;
        Bytes -= place.Charge;
    }
}
