using System.Diagnostics.CodeAnalysis;

namespace Skitai.Engine.Caching.Storage.Memory;

/// <summary>
/// The objects that are kept for one key. Read without a lock: each change makes new arrays. Changed under the tier's lock.
/// </summary>
internal sealed class StoredVariants(string key)
{
    /// <summary>Lists of request fields known for one key; the newest are kept.</summary>
    public const int MostLists = 8;

    /// <summary>Objects for one key: a field such as User-Agent has as many values as somebody likes to send.</summary>
    public const int MostVariants = 128;

    private static readonly string[][] s_noLists = [];

    private StoredObject? _plain;
    private StoredObject[] _varied = [];
    private string[][] _lists = s_noLists;

    /// <summary>The key.</summary>
    public string Key => key;

    /// <summary>The lists of request fields that answers of this key were selected by, the newest first.</summary>
    public string[][] VaryLists => Volatile.Read(ref _lists);

    /// <summary>Whether there is nothing left.</summary>
    public bool IsEmpty => _plain is null && _varied.Length == 0;

    /// <summary>All of them.</summary>
    public IEnumerable<StoredObject> All => _plain is null ? _varied : [_plain, .. _varied];

    /// <summary>Those that do not vary for one that does, and the other way round. Under the tier's lock; those given may be removed meanwhile.</summary>
    public StoredObject[] OfOtherKind(bool varies) => !varies ? _varied : _plain is null ? [] : [_plain];

    /// <summary>
    /// The one that a request selects; of several the most recent (RFC 9111 section 4.1). With a share in it for the caller.
    /// </summary>
    public bool TrySelect(IVariantSelector request, [NotNullWhen(true)] out StoredObject? stored)
    {
        stored = Volatile.Read(ref _plain);
        var lists = Volatile.Read(ref _lists);
        if (lists.Length > 0)
        {
            stored = SelectVaried(request, lists, stored);
        }

        return stored is not null && stored.TryAcquire();
    }

    /// <summary>The one of a selection, without a share in it; null = there is none.</summary>
    public StoredObject? Find(string[] varyNames, string variant)
    {
        if (varyNames.Length == 0)
        {
            return Volatile.Read(ref _plain);
        }

        foreach (var stored in Volatile.Read(ref _varied))
        {
            if (stored.Head.IsVariant(varyNames, variant))
            {
                return stored;
            }
        }

        return null;
    }

    /// <summary>Puts one in, whose selection is not there yet. Says which must go: too many, or of a list that is too old.</summary>
    public List<StoredObject>? Add(StoredObject stored)
    {
        var names = stored.Head.VaryNames;
        if (names.Length == 0)
        {
            Volatile.Write(ref _plain, stored);
            return null;
        }

        Volatile.Write(ref _varied, [.. _varied, stored]);
        if (_lists.Length == 0 || !StoredHead.SameNames(_lists[0], names))
        {
            Volatile.Write(ref _lists, [names, .. _lists.Where(list => !StoredHead.SameNames(list, names))]);
        }

        List<StoredObject>? surplus = null;
        if (_lists.Length > MostLists)
        {
            var oldest = _lists[^1];
            surplus = [.. _varied.Where(one => StoredHead.SameNames(one.Head.VaryNames, oldest))];
        }
        else if (_varied.Length > MostVariants)
        {
            surplus = [_varied[0]];
        }

        return surplus;
    }

    /// <summary>Takes one out.</summary>
    public void Remove(StoredObject stored)
    {
        if (ReferenceEquals(_plain, stored))
        {
            Volatile.Write(ref _plain, null);
            return;
        }

        var names = stored.Head.VaryNames;
        StoredObject[] left = [.. _varied.Where(one => !ReferenceEquals(one, stored))];
        if (!left.Any(one => StoredHead.SameNames(one.Head.VaryNames, names)))
        {
            Volatile.Write(ref _lists, [.. _lists.Where(list => !StoredHead.SameNames(list, names))]);
        }

        Volatile.Write(ref _varied, left);
    }

    private StoredObject? SelectVaried(IVariantSelector request, string[][] lists, StoredObject? best)
    {
        foreach (var names in lists)
        {
            var found = Find(names, request.VariantOf(names));
            if (found is not null && (best is null || found.Head.AnsweredAt > best.Head.AnsweredAt))
            {
                best = found;
            }
        }

        return best;
    }
}
