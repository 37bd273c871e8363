namespace Skitai.Engine.Proxy.Upstream;

/// <summary>The header section of a message: field lines in their order, a name perhaps several times. Used again for the next message.</summary>
internal sealed class HeaderList
{
    private Header[] _lines = new Header[16];

    /// <summary>How many lines there are.</summary>
    public int Count { get; private set; }

    /// <summary>The lines.</summary>
    public ReadOnlySpan<Header> Lines => _lines.AsSpan(0, Count);

    /// <summary>Adds a line behind the others.</summary>
    public void Add(string name, string value)
    {
        if (Count == _lines.Length)
        {
            Array.Resize(ref _lines, Count * 2);
        }

        _lines[Count++] = new Header(name, value);
    }

    /// <summary>The value of the first line of that name; null = there is none.</summary>
    public string? Find(string name)
    {
        foreach (ref readonly var line in Lines)
        {
            if (line.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return line.Value;
            }
        }

        return null;
    }

    /// <summary>All values of that name as one list, as RFC 9110 section 5.3 joins them; null = there is none. Not for Set-Cookie.</summary>
    public string? FindAll(string name)
    {
        string? found = null;
        foreach (ref readonly var line in Lines)
        {
            if (line.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                found = found is null ? line.Value : $"{found}, {line.Value}";
            }
        }

        return found;
    }

    /// <summary>One line of that name, with that value, in place of all there were.</summary>
    public void Set(string name, string value)
    {
        Remove(name);
        Add(name, value);
    }

    /// <summary>Another value for one line.</summary>
    public void SetAt(int index, string value) => _lines[index] = new Header(_lines[index].Name, value);

    /// <summary>Takes all lines of that name out.</summary>
    public void Remove(string name)
    {
        var kept = 0;
        for (var at = 0; at < Count; at++)
        {
            if (!_lines[at].Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                _lines[kept++] = _lines[at];
            }
        }

        _lines.AsSpan(kept, Count - kept).Clear();
        Count = kept;
    }

    /// <summary>Takes everything out.</summary>
    public void Clear()
    {
        _lines.AsSpan(0, Count).Clear();
        Count = 0;
    }

    /// <summary>Adds all lines of another list.</summary>
    public void AddAll(HeaderList other)
    {
        foreach (ref readonly var line in other.Lines)
        {
            Add(line.Name, line.Value);
        }
    }
}
