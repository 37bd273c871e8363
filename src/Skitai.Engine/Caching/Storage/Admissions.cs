namespace Skitai.Engine.Caching.Storage;

/// <summary>All that is on its way into the cache.</summary>
internal sealed class Admissions
{
    private readonly HashSet<Admission> _open = [];
    private readonly Lock _changing = new();

    /// <summary>Begins one.</summary>
    public Admission Open(string key)
    {
        var admission = new Admission(key);
        lock (_changing)
        {
            _open.Add(admission);
        }

        return admission;
    }

    /// <summary>It is in, or given up.</summary>
    public void Close(Admission admission)
    {
        lock (_changing)
        {
            _open.Remove(admission);
        }
    }

    /// <summary>Nothing of that key that has begun may come in.</summary>
    public void RevokeKey(string key)
    {
        lock (_changing)
        {
            foreach (var one in _open)
            {
                if (one.Key == key)
                {
                    one.Revoke();
                }
            }
        }
    }

    /// <summary>Nothing whose key begins so and that has begun may come in.</summary>
    public void RevokePrefix(string prefix)
    {
        lock (_changing)
        {
            foreach (var one in _open)
            {
                if (one.Key.StartsWith(prefix, StringComparison.Ordinal))
                {
                    one.Revoke();
                }
            }
        }
    }
}
