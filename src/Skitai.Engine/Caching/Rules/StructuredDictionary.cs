using System.Buffers;
using System.Text;

namespace Skitai.Engine.Caching.Rules;

/// <summary>Reads a dictionary of structured fields (RFC 9651 section 4.2.2), strictly: the first mistake makes all of it invalid.</summary>
internal sealed class StructuredDictionary
{
    private static readonly SearchValues<char> s_base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    private readonly List<(string Name, string Value, StructuredType Type)> _members = [];
    private string _text = "";
    private int _at;

    /// <summary>How many members there are.</summary>
    public int Count => _members.Count;

    /// <summary>A member: its name, its value as text without quotes, what it is.</summary>
    public (string Name, string Value, StructuredType Type) this[int index] => _members[index];

    private char Next => _at < _text.Length ? _text[_at] : '\0';

    /// <summary>Reads all lines of a field, joined by commas.</summary>
    /// <returns>False when it is no dictionary.</returns>
    public bool TryParse(string text)
    {
        _members.Clear();
        (_text, _at) = (text, 0);
        SkipSpaces(" ");
        while (_at < _text.Length)
        {
            if (!TryMember())
            {
                return false;
            }

            SkipSpaces(" \t");
            if (_at == _text.Length)
            {
                return true;
            }

            if (_text[_at++] != ',')
            {
                return false;
            }

            SkipSpaces(" \t");
            if (_at == _text.Length)
            {
                return false; // a comma at the end
            }
        }

        return true;
    }

    private bool TryMember()
    {
        if (!TryKey(out var name))
        {
            return false;
        }

        var (value, type) = ("", StructuredType.True);
        if (Next == '=')
        {
            _at++;
            if (!(Next == '(' ? TryInnerList() : TryItem(out value, out type)))
            {
                return false;
            }

            type = value.Length == 0 && type == StructuredType.True && _text[_at - 1] == ')' ? StructuredType.Other : type;
        }

        if (!TryParameters())
        {
            return false;
        }

        // The last one of a name counts.
        _members.RemoveAll(member => member.Name == name);
        _members.Add((name, value, type));
        return true;
    }

    private bool TryKey(out string name)
    {
        var first = _at;
        if (!(char.IsAsciiLetterLower(Next) || Next == '*'))
        {
            name = "";
            return false;
        }

        while (char.IsAsciiLetterLower(Next) || char.IsAsciiDigit(Next) || Next is '_' or '-' or '.' or '*')
        {
            _at++;
        }

        name = _text[first.._at];
        return true;
    }

    private bool TryParameters()
    {
        while (Next == ';')
        {
            _at++;
            SkipSpaces(" ");
            if (!TryKey(out _))
            {
                return false;
            }

            if (Next == '=')
            {
                _at++;
                if (!TryItem(out _, out _))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool TryInnerList()
    {
        _at++;
        while (true)
        {
            SkipSpaces(" ");
            if (Next == ')')
            {
                _at++;
                return true;
            }

            if (!TryItem(out _, out _) || !TryParameters() || Next is not (' ' or ')'))
            {
                return false;
            }
        }
    }

    private bool TryItem(out string value, out StructuredType type)
    {
        (value, type) = ("", StructuredType.Other);
        switch (Next)
        {
            case '-' or (>= '0' and <= '9'):
                return TryNumber(out value, out type);
            case '"':
                type = StructuredType.String;
                return TryString(out value);
            case '?':
                _at++;
                type = Next == '1' ? StructuredType.True : StructuredType.False;
                return _at < _text.Length && _text[_at++] is '0' or '1';
            case ':':
                var end = _text.IndexOf(':', _at + 1);
                var bytes = end < 0 ? "?" : _text[(_at + 1)..end];
                _at = end + 1;
                return !bytes.AsSpan().ContainsAnyExcept(s_base64);
            case '@':
                _at++;
                return TryNumber(out _, out var kind) && kind == StructuredType.Integer;
            case '%':
                return TryDisplayString();
            case '*':
            case var letter when char.IsAsciiLetter(letter):
                while (char.IsAsciiLetterOrDigit(Next) || (Next != '\0' && "!#$%&'*+-.^_`|~:/".Contains(Next, StringComparison.Ordinal)))
                {
                    _at++;
                }

                return true;
            default:
                return false;
        }
    }

    /// <summary>Up to 15 digits, or up to 12 before and one to three behind a point.</summary>
    private bool TryNumber(out string value, out StructuredType type)
    {
        (value, type) = ("", StructuredType.Integer);
        var first = _at;
        _at += Next == '-' ? 1 : 0;
        var whole = SkipDigits();
        if (whole is 0 or > 15)
        {
            return false;
        }

        if (Next == '.')
        {
            _at++;
            type = StructuredType.Other;
            return whole <= 12 && SkipDigits() is >= 1 and <= 3;
        }

        value = _text[first.._at];
        return true;
    }

    private int SkipDigits()
    {
        var first = _at;
        while (char.IsAsciiDigit(Next))
        {
            _at++;
        }

        return _at - first;
    }

    private bool TryString(out string value)
    {
        var text = new StringBuilder();
        value = "";
        for (_at++; _at < _text.Length; _at++)
        {
            var letter = _text[_at];
            if (letter == '"')
            {
                _at++;
                value = text.ToString();
                return true;
            }

            if (letter == '\\')
            {
                _at++;
                if (Next is not ('"' or '\\'))
                {
                    return false;
                }

                letter = Next;
            }
            else if (letter is < ' ' or > '~')
            {
                return false;
            }

            text.Append(letter);
        }

        return false;
    }

    /// <summary><c>%"..."</c>: visible letters, and others as <c>%</c> with two digits in lower case.</summary>
    private bool TryDisplayString()
    {
        _at++;
        if (Next != '"')
        {
            return false;
        }

        for (_at++; _at < _text.Length; _at++)
        {
            switch (_text[_at])
            {
                case '"':
                    _at++;
                    return true;
                case '%':
                    if (_at + 2 >= _text.Length || !char.IsAsciiHexDigitLower(_text[_at + 1]) || !char.IsAsciiHexDigitLower(_text[_at + 2]))
                    {
                        return false;
                    }

                    _at += 2;
                    break;
                case < ' ' or > '~':
                    return false;
            }
        }

        return false;
    }

    private void SkipSpaces(string blanks)
    {
        while (_at < _text.Length && blanks.Contains(_text[_at], StringComparison.Ordinal))
        {
            _at++;
        }
    }
}
