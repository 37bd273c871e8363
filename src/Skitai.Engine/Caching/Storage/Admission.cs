namespace Skitai.Engine.Caching.Storage;

/// <summary>
/// The leave to keep what is on its way into the cache, a fill or a file being read. A removal of its key takes the leave
/// back: what was fetched before a purge must not turn up after it.
/// </summary>
internal sealed class Admission(string key)
{
    private bool _revoked;

    /// <summary>The key that it is for.</summary>
    public string Key => key;

    /// <summary>Whether the key was removed since it began.</summary>
    public bool IsRevoked => Volatile.Read(ref _revoked);

    /// <summary>Takes it back.</summary>
    public void Revoke() => Volatile.Write(ref _revoked, true);
}
