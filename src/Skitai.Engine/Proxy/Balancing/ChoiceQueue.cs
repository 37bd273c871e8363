namespace Skitai.Engine.Proxy.Balancing;

/// <summary>Requests that wait for a member, the oldest first. Guarded by the cluster's gate, but for <see cref="Count"/>.</summary>
internal sealed class ChoiceQueue
{
    private MemberChoice? _last;
    private int _count;

    /// <summary>How many wait; may be asked at any time.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Who waits longest; null = nobody waits.</summary>
    public MemberChoice? First { get; private set; }

    /// <summary>Another one waits. Whoever makes room after this returns sees it in <see cref="Count"/>.</summary>
    public void Enqueue(MemberChoice choice)
    {
        choice.Previous = _last;
        if (_last is null)
        {
            First = choice;
        }
        else
        {
            _last.Next = choice;
        }

        _last = choice;
        Interlocked.Increment(ref _count);
    }

    /// <summary>One waits no longer.</summary>
    public void Remove(MemberChoice choice)
    {
        if (choice.Previous is null)
        {
            First = choice.Next;
        }
        else
        {
            choice.Previous.Next = choice.Next;
        }

        if (choice.Next is null)
        {
            _last = choice.Previous;
        }
        else
        {
            choice.Next.Previous = choice.Previous;
        }

        choice.Next = null;
        choice.Previous = null;
        Interlocked.Decrement(ref _count);
    }
}
