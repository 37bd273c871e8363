namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>A request for as long as there is one: a look-up that hangs may outlive it, and the next one has its memory then.</summary>
/// <param name="request">The request.</param>
internal sealed class DetachableSelector(IVariantSelector request) : IVariantSelector
{
    private readonly Lock _using = new();
    private IVariantSelector? _request = request;

    /// <summary>The request is not asked any more when this returns.</summary>
    public void Detach()
    {
        lock (_using)
        {
            _request = null;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">It is gone.</exception>
    public string VariantOf(string[] varyNames)
    {
        lock (_using)
        {
            return (_request ?? throw new OperationCanceledException()).VariantOf(varyNames);
        }
    }
}
